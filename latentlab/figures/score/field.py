"""A field in the plane drawn: arrows, streamlines, layers behind them, fixed points, and what happens at one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from latentlab.analysis.arrays import Doubles, Reals
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import Field
from latentlab.analysis.score.fixed_points import FixedPoints
from latentlab.analysis.score.layers import FieldLayer, LayerValues
from latentlab.data import Dataset
from latentlab.figures.text import literal
from latentlab.figures.theme import LIGHT, MARK, Theme, round_step, styled, symbol

FEW = 50  # points, each of which matters
LONGEST = 0.95  # an arrow, in cells of the lattice
HEAD = 0.38  # a head, in lengths of its arrow
BEHIND = 0.6  # how far along a streamline its head is
FAINT = 0.6  # opacity of arrows and streamlines, so that the data and the density are seen
LEVELS = 14  # contours, at most
BINS = 6  # shades of length
KINDS = {"sink": ("circle", MARK), "saddle": ("x", "#ff9f1c"), "source": ("circle-open", "#12b5cb")}


@dataclass(frozen=True)
class PlaneLayer:
    """Numbers over the lattice, behind the arrows."""

    z: NDArray[Any]  # (n, n), row by row from the lowest; n may differ from the arrows'
    name: str  # with its unit
    diverging: bool = False  # 0 is in the middle
    discrete: bool = False  # indices: neighbours in number are none in kind
    contours: bool = False
    high: float | None = None  # where the colours end
    low: float = 0.0  # where they begin
    density: bool = False  # it says where the data are dense, in the colour of that: high, or low of an energy

    @classmethod
    def of(cls, which: FieldLayer, values: LayerValues) -> PlaneLayer:
        """The values of a layer as it is drawn."""
        return cls(
            values.z, which.label, which.is_diverging, which.is_discrete, which.has_contours, values.high, values.low,
            which.is_density,
        )  # fmt: skip


def plane(field: Field, box: Box, look: Theme, layer: PlaneLayer | None = None, height: int = 680) -> go.Figure:
    """A plane over a box, with a layer behind; the other functions draw on it."""
    figure = empty_plane(box, look, height)
    if layer is not None:
        figure.add_trace(draw_layer(layer, field.x, field.y, look))
        figure.update_layout(legend={"y": -0.05 if layer.discrete else -0.17})
    return figure


def small_plane(field: Field, box: Box, data: Dataset, look: Theme, height: int = 320, thin: int = 2) -> go.Figure:
    """A field over a box with points of the data, small: one of so many arrows in each direction."""
    figure = empty_plane(box, look, height)
    add_points(figure, data.x.numpy(), data.y.numpy(), data.classes, look)
    add_arrows(figure, field, look, thin=thin)
    return figure.update_layout(showlegend=False)


def empty_plane(box: Box, look: Theme, height: int = 680) -> go.Figure:
    """A plane over a box, in equal scales, without anything on it."""
    figure = go.Figure()
    axis = {"showgrid": False, "constrain": "domain", "fixedrange": True}  # a click is a click; who zooms recomputes
    legend = {"orientation": "h", "y": -0.05, "yanchor": "top", "font": {"size": 12}}
    styled(figure, look, height, dragmode="pan", hovermode="closest", legend=legend, uirevision=str(astuple(box)))
    return figure.update_layout(
        xaxis={"range": list(box.x), **axis}, yaxis={"range": list(box.y), "scaleanchor": "x", **axis}
    )


def add_arrows(figure: go.Figure, field: Field, look: Theme, even: bool = False, thin: int = 1) -> None:
    """Arrows of logarithmic length; or all of one length, their colour the logarithm of it.

    Args:
        figure: a `plane`.
        field: what to draw.
        look: colours.
        even: whether all have one length.
        thin: draw one of so many in each direction.
    """
    x, y = np.meshgrid(field.x[thin // 2 :: thin], field.y[thin // 2 :: thin])
    score, size = field.score[thin // 2 :: thin, thin // 2 :: thin], field.length[thin // 2 :: thin, thin // 2 :: thin]
    fine = np.isfinite(size) & (size > 0)
    if not fine.any():
        return
    at, way, long = np.stack([x[fine], y[fine]], 1), score[fine] / size[fine, None], size[fine]
    cell = LONGEST * thin * min(field.x[1] - field.x[0], field.y[1] - field.y[0])
    share = np.log1p(long / np.median(long)) / np.log1p(long.max() / np.median(long))
    length = cell * (np.full_like(share, 0.8) if even else share)
    shade = np.minimum((share * BINS).astype(int), BINS - 1) if even else np.zeros(len(at), int)
    colours = sample_colorscale(magnitudes(look), np.linspace(0.35, 1, BINS)) if even else [look.text]
    for k in np.unique(shade):
        own = shade == k
        line = {"color": colours[k], "width": 1.2}
        figure.add_scattergl(**_arrows(at[own], way[own], length[own]), line=line, opacity=1.0 if even else FAINT)


def add_streamlines(figure: go.Figure, lines: Reals, look: Theme) -> None:
    """(S, T, 2) lines, NaN beyond their ends, each with a head that shows which way it leads."""
    lines = np.asarray(lines, np.float64)
    last = np.isfinite(lines).all(2).sum(1) - 1  # of the points that a line has
    at = np.maximum((BEHIND * last).astype(int), 1)
    long = lines[last > 1]
    k, rows = at[last > 1], np.arange(len(long))
    step = long[rows, k] - long[rows, k - 1]
    size = np.linalg.norm(step, axis=1, keepdims=True)
    heads = _heads(long[rows, k], step / size, size)
    gap = np.full((len(lines), 1, 2), np.nan)
    x, y = np.concatenate([np.concatenate([lines, gap], 1).reshape(-1, 2), heads]).T.astype(np.float32)
    figure.add_scattergl(
        x=x, y=y, mode="lines", hoverinfo="skip", showlegend=False, line={"color": look.text, "width": 1.2},
        opacity=FAINT,
    )  # fmt: skip


def add_points(figure: go.Figure, xy: Reals, labels: NDArray[np.integer], classes: Sequence[str], look: Theme) -> None:
    """Points of the data in the colours and the shapes of their classes; a few are drawn large."""
    edge = {"color": look.text, "width": 0.8}  # so that they are seen on any layer
    drawn = {"line": edge} | ({"size": 10, "opacity": 0.9} if len(xy) <= FEW else {"size": 5.5, "opacity": 0.9})
    for k, name in enumerate(classes):
        own = xy[labels == k].astype(np.float32)
        if len(own):
            marker = {**drawn, "symbol": symbol(k), "color": look.colour(k)}
            x, y = own[:, 0].copy(), own[:, 1].copy()
            figure.add_scattergl(x=x, y=y, mode="markers", marker=marker, name=literal(name), hoverinfo="skip")


def add_fixed_points(figure: go.Figure, found: FixedPoints, look: Theme) -> None:
    """Sinks, saddles and sources, each with its sign, its colour and their number."""
    kinds = np.array(found.kinds)
    for kind, (shape, colour) in KINDS.items():
        at = found.places[kinds == kind] if len(kinds) else found.places
        if len(at):
            marker = {"symbol": shape, "size": 8, "color": colour, "line": {"color": look.surface, "width": 0.8}}
            if shape.endswith("open"):
                marker |= {"line": {"color": colour, "width": 2.2}}
            name = f"{len(at)} {kind}{'s' * (len(at) > 1)}"
            figure.add_scatter(x=at[:, 0], y=at[:, 1], mode="markers", marker=marker, name=name, hoverinfo="name")


def add_spurious(figure: go.Figure, places: Reals, look: Theme) -> None:
    """Where paths end far from the data, marked so that it can't be overlooked."""
    if len(places):
        marker = {"symbol": "star-diamond", "size": 14, "color": "#d7263d", "line": {"color": look.surface, "width": 1}}
        name = f"{len(places)} end{'s' * (len(places) > 1)} far from the data"
        figure.add_scatter(x=places[:, 0], y=places[:, 1], mode="markers", marker=marker, name=name, hoverinfo="name")


def add_place(figure: go.Figure, axes: Reals, radii: Reals, path: Reals, arm: float, look: Theme) -> None:
    """A point, the ellipse of the posterior of the clean example, its tangent and normal, and the path of denoising.

    Args:
        figure: a `plane`.
        axes: (2, 2) unit vectors in columns, the tangent first.
        radii: (2,) the standard deviations of the posterior along them.
        path: (T, 2) the place, and the steps of denoising from it.
        arm: half the length of the tangent's glyph.
        look: colours.
    """
    turn = np.linspace(0, 2 * np.pi, 49)
    if np.isfinite(radii).all() and np.isfinite(path[1]).all():
        round_it = path[1] + (radii * np.stack([np.cos(turn), np.sin(turn)], 1)) @ axes.T
        _line(figure, round_it, look.text, 1.2, "dot", "posterior p(clean given noisy), 1 σ")
        for k, (name, colour, share) in enumerate((("tangent", MARK, 1.0), ("normal", "#12b5cb", 0.5))):
            _line(figure, path[0] + np.outer([-share, share], arm * axes[:, k]), colour, 3, "solid", name)
    _line(figure, path, look.accent, 2, "solid", "repeated denoising", mode="lines+markers")
    marker = {"symbol": "circle-open", "size": 13, "color": MARK, "line": {"width": 2.5, "color": MARK}}
    x, y = path[:1].T
    figure.add_scatter(x=x, y=y, mode="markers", marker=marker, showlegend=False, hoverinfo="skip")


def add_walkback(figure: go.Figure, chain: Reals, look: Theme) -> None:
    """A chain (1 + K, 2) from an example, dotted, and from each of its steps a thin line back to where it began."""
    back = np.stack([chain[1:], np.broadcast_to(chain[0], chain[1:].shape), np.full_like(chain[1:], np.nan)], 1)
    _line(figure, back.reshape(-1, 2), look.muted, 0.8, "solid", "what r is trained to undo")
    _line(figure, chain, "#d7263d", 2, "dot", f"{len(chain) - 1} steps of its chain", mode="lines+markers")
    marker = {"symbol": "cross", "size": 12, "color": look.text, "line": {"width": 1, "color": look.surface}}
    x, y = chain[:1].T
    figure.add_scatter(x=x, y=y, mode="markers", marker=marker, name="the example", hoverinfo="skip")


def add_polygon(figure: go.Figure, corners: Reals, look: Theme) -> None:
    """The corners (M, 2) of a loop, closed."""
    _line(figure, np.concatenate([corners, corners[:1]]), look.text, 2, "dash", "loop", mode="lines+markers")


def _line(figure: go.Figure, xy: Reals, colour: str, width: float, dash: str, name: str, mode: str = "lines") -> None:
    line = {"color": colour, "width": width, "dash": dash}
    figure.add_scatter(
        x=np.ascontiguousarray(xy[:, 0]), y=np.ascontiguousarray(xy[:, 1]), mode=mode, line=line, name=name,
        marker={"size": 5}, hoverinfo="skip",
    )  # fmt: skip


def _arrows(at: Reals, way: Reals, length: Reals) -> dict[str, Any]:
    """Shafts about their places and heads as one line, with gaps."""
    half = 0.5 * length[:, None] * way
    tail, tip = at - half, at + half
    left, right = _barbs(tip, way, HEAD * length[:, None])
    gap = np.full_like(tail, np.nan)
    x, y = np.stack([tail, tip, left, tip, right, gap], 1).reshape(-1, 2).T.astype(np.float32)
    return {"x": x, "y": y, "mode": "lines", "hoverinfo": "skip", "showlegend": False}


def _heads(tip: Reals, way: Reals, size: Reals) -> Doubles:
    """(4 N, 2) heads alone as one line, with gaps."""
    left, right = _barbs(tip, way, 1.6 * size)
    return np.stack([left, tip, right, np.full_like(tip, np.nan)], 1).reshape(-1, 2)


def _barbs(tip: Reals, way: Reals, size: Reals) -> tuple[Doubles, Doubles]:
    side = np.stack([-way[:, 1], way[:, 0]], 1)
    back = tip - size * way
    return back + 0.5 * size * side, back - 0.5 * size * side


def _round_levels(high: float) -> dict[str, Any]:
    """Plotly's contours at round numbers from 0 up to a highest one."""
    return {"start": 0, "end": high, "size": round_step((high or 1) / LEVELS)}


def draw_layer(layer: PlaneLayer, x: Reals, y: Reals, look: Theme) -> go.Heatmap | go.Contour:
    """The trace of a layer, over a box whose lattice has the places x and y."""
    z = np.asarray(layer.z, np.float32)
    x, y = (np.linspace(ends[0], ends[-1], len(z), dtype=np.float32) for ends in (x, y))
    bar = {"title": {"text": layer.name, "side": "top", "font": {"size": 12}}, "thickness": 9, "len": 0.7}
    bar |= {"orientation": "h", "y": -0.05, "yanchor": "top", "tickfont": {"size": 11}, "outlinewidth": 0}
    common: dict[str, Any] = {"x": x, "y": y, "z": z, "colorbar": bar, "hoverinfo": "skip"}
    finite = z[np.isfinite(z)]
    if layer.discrete:
        colours = [look.muted, *look.classes]
        shown = np.where(z < 0, 0, 1 + z % len(look.classes)).astype(np.float32)
        top = len(colours)
        scale = [[(k + end) / top, colour] for k, colour in enumerate(colours) for end in (0, 1)]
        return go.Heatmap(
            **common | {"z": shown}, colorscale=scale, zmin=-0.5, zmax=top - 0.5, opacity=0.35, showscale=False
        )
    if layer.diverging:
        most = layer.high or (float(np.quantile(np.abs(finite), 0.98)) if len(finite) else 1.0) or 1.0
        return go.Heatmap(**common, colorscale="RdBu", zmin=-most, zmax=most, opacity=0.75, zsmooth="best")
    high = layer.high if layer.high is not None else float(finite.max()) if len(finite) else 1.0
    scale = shades(look) if layer.density else magnitudes(look)
    if layer.contours:
        return go.Contour(
            **common, colorscale=scale, reversescale=True, contours=_round_levels(high), line={"width": 0.7}, zmin=0,
            zmax=high,
        )  # fmt: skip
    return go.Heatmap(**common, colorscale=scale, zmin=layer.low, zmax=high, zsmooth="best")


def shades(look: Theme) -> list[list[Any]]:
    """Of a density: from the surface, so that arrows can be seen on it, to a strong green where it is highest."""
    light = look.surface == LIGHT.surface
    return [[0, look.surface], [0.5, "#8fd0b5" if light else "#1d6a63"], [1, "#17897f" if light else "#3fc9b3"]]


def magnitudes(look: Theme) -> list[list[Any]]:
    """Of what is no density, a length or an error: from the surface to a strong orange where it is largest."""
    light = look.surface == LIGHT.surface
    return [[0, look.surface], [0.5, "#f5c98a" if light else "#7a4a17"], [1, "#c05f0a" if light else "#f5a04c"]]
