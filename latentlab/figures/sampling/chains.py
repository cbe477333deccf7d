"""Chains, drawn: one step on the plane, traces, ranks, autocorrelation, cells and the truth, and pairs of
coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Reals
from latentlab.analysis.box import Box
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

SYMBOLS = ("circle", "x")  # accepted, rejected
DASHES = ("solid", "dash", "dot", "dashdot")


def chains_at_step(
    density: Reals | None,
    data: Reals,
    box: Box,
    trail: Reals,
    tried: Reals,
    taken: NDArray[np.bool_],
    names: Sequence[str],
    look: Theme,
    behind: str = "examples",
    paths: Reals | None = None,
) -> go.Figure:
    """Chains at one step.

    Args:
        density: (n, n) behind them, row 0 the lowest y, or None.
        data: (m, 2) examples or samples behind them.
        box: what is shown.
        trail: (L, c, 2) last places, the newest last.
        tried: (c, 2) proposals of the step; may be empty.
        taken: (c,) which were accepted.
        names: of the axes.
        look: the colours.
        behind: what `data` are.
        paths: (L, c, 2) from the last position to the proposal, of HMC and NUTS.
    """
    figure = go.Figure()
    if density is not None:
        figure.add_heatmap(
            z=np.sqrt(density / (density.max() or 1)).astype(np.float32), zmin=0, zmax=1, showscale=False,
            x=_middles(*box.x, density.shape[1]), y=_middles(*box.y, density.shape[0]),
            colorscale=[[0, look.surface], [1, look.accent]], opacity=0.7, hoverinfo="skip",
        )  # fmt: skip
    if len(data):
        _dots(figure, data, look.muted, 2, behind, opacity=0.4)
    figure.add_scattergl(**_lines(trail, look.text), opacity=0.35)
    for k, (word, colour) in enumerate((("accepted", look.classes[2]), ("rejected", look.classes[3]))):
        if len(tried):
            these = taken if k == 0 else ~taken
            if paths is not None:
                figure.add_scattergl(**_lines(paths[:, these], colour), opacity=0.8)
            _dots(figure, tried[these], colour, 8, word, symbol=SYMBOLS[k])
    _dots(figure, trail[-1], look.text, 5, "chains")
    figure.update_xaxes(range=list(box.x), title_text=literal(names[0]))
    figure.update_yaxes(range=list(box.y), title_text=literal(names[1]), scaleanchor="x")
    return styled(figure, look, 520)


def traces(x: Reals, name: str, look: Theme) -> go.Figure:
    """(T, c): one coordinate of a few chains over the steps."""
    figure = go.Figure()
    steps = np.arange(1, len(x) + 1, dtype=np.float32)
    for c in range(x.shape[1]):
        figure.add_scattergl(
            x=steps, y=x[:, c].astype(np.float32), mode="lines", name=f"chain {c + 1}",
            line={"width": 1, "color": _gray(look, c)},
        )  # fmt: skip
    figure.update_xaxes(title_text="step")
    figure.update_yaxes(title_text=literal(name))
    return styled(figure, look, 240, showlegend=False)


def ranks(shares: Reals, look: Theme) -> go.Figure:
    """(c, bins): the ranks of a few chains' draws among all of theirs, in a row for each; even where they agree."""
    n_chains, n_bins = shares.shape
    most = max(2.0, float(shares.max()))
    at = (100 * (np.arange(n_bins) + 0.5) / n_bins).astype(np.float32)
    marker, line = {"color": look.accent, "line": {"width": 0}}, {"color": look.text, "width": 1, "dash": "dash"}
    bars: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    axes: dict[str, Any] = {"xaxis": {"title": {"text": "rank among all draws (%)"}, "anchor": f"y{n_chains}"}}
    for c, row in enumerate(shares.astype(np.float32), 1):
        top, y = 1 - (c - 1) / n_chains, f"y{c}"
        bars.append({"type": "bar", "x": at, "y": row, "name": f"chain {c}", "marker": marker, "yaxis": y})
        lines.append({"x0": 0, "x1": 1, "xref": "x domain", "y0": 1, "y1": 1, "yref": y, "line": line})
        axes[f"yaxis{c}"] = {
            "domain": [top - 0.92 / n_chains, top], "anchor": "x", "range": [0, most], "showgrid": False,
            "tickvals": [most / 2], "ticktext": [str(c)],
            "title": {"text": "chain" if c == (n_chains + 1) // 2 else None},
        }  # fmt: skip
    figure = go.Figure(bars, axes | {"shapes": lines})  # at once: a call for each row takes a quarter of a second
    return styled(figure, look, max(240, 60 + 26 * n_chains), showlegend=False, bargap=0.08)


def memory(autocorrelation: Reals, names: Sequence[str], look: Theme) -> go.Figure:
    """(L, d): the autocorrelation: how much a draw tells about the one so many steps later."""
    figure = go.Figure()
    lags = np.arange(len(autocorrelation), dtype=np.float32)
    for k, name in enumerate(names):
        figure.add_scatter(
            x=lags, y=autocorrelation[:, k].astype(np.float32), mode="lines", name=literal(name),
            line={"width": 2, "color": _gray(look, k), "dash": DASHES[k % 4]},
        )  # fmt: skip
    figure.update_xaxes(title_text="lag (steps)")
    figure.update_yaxes(title_text="autocorrelation", range=[-0.25, 1.05])
    return styled(figure, look, 240)


def against(exact: Reals, found: Reals, box: Box, look: Theme) -> go.Figure:
    """(m, n) masses of cells: the truth, the chains, and the difference, on one scale of colour each."""
    figure = make_subplots(1, 3, subplot_titles=("the truth", "the chains", "chains − truth"), horizontal_spacing=0.04)
    most = float(max(exact.max(), np.quantile(found, 0.999))) or 1.0
    apart = float(np.abs(found - exact).max()) or 1.0
    x, y = _middles(*box.x, exact.shape[1]), _middles(*box.y, exact.shape[0])
    plain = [[0, look.surface], [1, look.accent]]
    signed = [[0, look.classes[1]], [0.5, look.surface], [1, look.classes[0]]]
    panels: list[tuple[Reals, float, float, Any]] = [
        (exact, 0, most, plain),
        (found, 0, most, plain),
        (found - exact, -apart, apart, signed),
    ]
    for column, (values, low, high, scale) in enumerate(panels, 1):
        figure.add_heatmap(
            z=values.astype(np.float32), x=x, y=y, zmin=low, zmax=high, colorscale=scale, showscale=False,
            hovertemplate="%{z:.4f}<extra></extra>", row=1, col=column,
        )  # fmt: skip
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
    return styled(figure, look, 280, margin={"l": 8, "r": 8, "t": 28, "b": 8})


def pairs(data: Reals, samples: Reals, names: Sequence[str], look: Theme) -> go.Figure:
    """A panel for each coordinate and the next, the last with the first: data on its left side, samples on its right.

    Args:
        data: (m, d).
        samples: (n, d).
        names: (d,).
        look: the colours.
    """
    d = data.shape[1]
    columns = 5
    rows = -(-d // columns)
    titles = [literal(f"{names[k]}, {names[(k + 1) % d]}") for k in range(d)]
    figure = make_subplots(rows, columns, subplot_titles=titles, horizontal_spacing=0.015, vertical_spacing=0.1)
    both = np.concatenate([data, samples])
    low, high = float(both.min()), float(both.max())
    span = high - low or 1.0
    for k in range(d):
        row, column = divmod(k, columns)
        for shift, (word, xy, colour, symbol) in enumerate(
            (("data", data, look.muted, "circle"), ("samples", samples, look.accent, "diamond"))
        ):
            figure.add_scattergl(
                x=(xy[:, k] + shift * 1.1 * span).astype(np.float32), y=xy[:, (k + 1) % d].astype(np.float32),
                mode="markers", marker={"size": 2.5, "color": colour, "symbol": symbol}, name=word, legendgroup=word,
                showlegend=k == 0, hoverinfo="skip", row=row + 1, col=column + 1,
            )  # fmt: skip
    figure.update_xaxes(range=[low, high + 1.1 * span], showticklabels=False, showgrid=False)
    figure.update_yaxes(range=[low, high], showticklabels=False, showgrid=False)
    figure.update_annotations(font={"size": 12, "color": look.muted})
    legend = {"orientation": "h", "y": 1.13, "x": 0, "itemsizing": "constant"}
    return styled(figure, look, 170 * rows + 60, margin={"l": 8, "r": 8, "t": 64, "b": 8}, legend=legend)


def _lines(xy: Reals, colour: str) -> dict[str, Any]:
    """Thin lines through places (L, c, 2), one for each c."""
    length, n, _ = xy.shape
    broken = np.full((n, length + 1, 2), np.nan, np.float32)
    broken[:, :length] = xy.transpose(1, 0, 2)
    x, y = broken.reshape(-1, 2).T
    line = {"color": colour, "width": 1}
    return {"x": x, "y": y, "mode": "lines", "line": line, "hoverinfo": "skip", "showlegend": False}


def _dots(figure: go.Figure, xy: Reals, colour: str, size: float, name: str, **marker: Any) -> None:
    figure.add_scattergl(
        x=xy[:, 0].astype(np.float32), y=xy[:, 1].astype(np.float32), mode="markers", name=name,
        marker={"color": colour, "size": size} | marker,
    )  # fmt: skip


def _gray(look: Theme, k: int) -> str:
    """Chains and coordinates are no classes, so they have no class's colour."""
    return (look.accent, look.text, look.muted)[k % 3]


def _middles(low: float, high: float, n: int) -> NDArray[np.float32]:
    return (low + (high - low) * (np.arange(n) + 0.5) / n).astype(np.float32)
