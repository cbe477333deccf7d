"""A loss along one eigenvector and over two, the best steps, and the spectrum of each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.curvature.measure import RANGES, Curvature
from latentlab.analysis.curvature.subsets import Subset
from latentlab.figures.curvature.course import EXACT, NEGATIVE, PARABOLA, POSITIVE
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled

N_BINS = 60  # of the density


def along_figure(found: Curvature, end: int, which: int, look: Theme) -> go.Figure:
    """The loss along the first (0) or the last (1) eigenvector, and the parabola, over one of `RANGES` of α."""
    exact, quadratic = found.lines[end, which]
    alphas = np.linspace(-RANGES[which], RANGES[which], len(exact))
    figure = go.Figure()
    for name, values, colour, dash in (
        ("loss", exact, EXACT, "solid"),
        ("parabola of the Hessian", quadratic, PARABOLA, "dash"),
    ):
        shown = np.where(np.isfinite(values), values, np.nan)
        figure.add_scatter(
            x=alphas, y=shown, name=name, mode="lines", line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate="α %{x:.3g}: %{y:.5g}<extra></extra>",
        )  # fmt: skip
    finite = exact[np.isfinite(exact)]
    if len(finite):
        margin = 0.15 * (float(finite.max() - finite.min()) or 1e-6)
        figure.update_yaxes(range=[float(finite.min()) - margin, float(finite.max()) + margin])
    figure.update_xaxes(title_text="α, steps of −α c v")
    figure.update_yaxes(title_text="loss")
    return styled(figure, look, 320)


def surface_figure(found: Curvature, look: Theme) -> go.Figure:
    """The loss over the sharpest (across) and the lowest (up) eigenvector; a cross where the training stands."""
    across, up = (np.linspace(-r, r, len(found.surface)) for r in found.reach)
    values = np.where(np.isfinite(found.surface), found.surface, np.nan)
    figure = go.Figure(
        go.Contour(
            x=across, y=up, z=values, colorscale="Viridis", ncontours=24, colorbar={"title": "loss", "thickness": 12},
            hovertemplate="sharpest %{x:.3g}, lowest %{y:.3g}: %{z:.4g}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_scatter(
        x=[0], y=[0], mode="markers", marker={"symbol": "x", "color": "white", "size": 11}, hoverinfo="skip"
    )
    figure.update_xaxes(title_text="step along the sharpest eigenvector")
    figure.update_yaxes(title_text="step along the lowest")
    return styled(figure, look, 320, showlegend=False)


def best_steps_figure(times: Mapping[int, Curvature], reach: float | None, look: Theme) -> go.Figure:
    """1/α* of the best step along each eigenvector against its λ, with the lines of Newton and of 1/|λ|.

    Args:
        times: step of the training -> the curvature there.
        reach: of both axes; None for the largest |λ|.
        look: colours.
    """
    reach = reach or max(float(np.abs(found.values).max()) for found in times.values()) * 1.1 or 1.0
    figure = go.Figure()
    for name, y, dash in (("1/α = λ", [-reach, 0, reach], "dash"), ("1/α = |λ|", [reach, 0, reach], "dot")):
        figure.add_scatter(
            x=[-reach, 0, reach], y=y, name=name, mode="lines", line={"color": look.muted, "width": 1, "dash": dash},
            hoverinfo="skip",
        )  # fmt: skip
    points = [
        (value, 1 / alpha, step, change)
        for step, found in times.items()
        for value, alpha, change in zip(found.values, found.alphas, found.changes, strict=True)
        if alpha != 0
    ]
    _by_step(figure, points, "λ %{x:.4g}, 1/α* %{y:.4g} at step %{customdata[0]:,}: the loss changes by "
             "%{customdata[1]:.4g}", look)  # fmt: skip
    figure.update_xaxes(title_text="eigenvalue λ", range=[-reach, reach])
    figure.update_yaxes(title_text="1/α*", range=[-reach, reach])
    return styled(figure, look, 320, showlegend=False)


def changes_figure(times: Mapping[int, Curvature], look: Theme) -> go.Figure:
    """What the best step along each eigenvector changes the loss by, against its λ: lower is better.

    Args:
        times: step of the training -> the curvature there.
        look: colours.
    """
    figure = go.Figure()
    points = [
        (value, change, step, alpha)
        for step, found in times.items()
        for value, change, alpha in zip(found.values, found.changes, found.alphas, strict=True)
    ]
    _by_step(figure, points, "λ %{x:.4g} at step %{customdata[0]:,}: %{y:.4g} by α* = %{customdata[1]:.4g}", look)
    figure.update_xaxes(title_text="eigenvalue λ")
    figure.update_yaxes(title_text="change of the loss by the best step")
    return styled(figure, look, 320, showlegend=False)


def _by_step(figure: go.Figure, points: Sequence[tuple[float, float, int, float]], said: str, look: Theme) -> None:
    """Points (x, y, step, another number), a triangle for λ ≤ 0, coloured by the step; by their sign if it is one."""
    x, y, steps, more = (np.array(column) for column in zip(*points, strict=True)) if points else [np.zeros(0)] * 4
    order = np.unique(steps)
    rank = np.searchsorted(order, steps)  # steps are far apart at the end
    bar = {
        "title": "step", "thickness": 10, "tickvals": list(range(len(order))),
        "ticktext": [f"{int(step):,}" for step in order],
    }  # fmt: skip
    scale = {"color": rank, "colorscale": "Viridis", "cmin": 0, "cmax": len(order) - 1, "colorbar": bar}
    figure.add_scatter(
        x=x, y=y, mode="markers", customdata=np.stack([steps, more], 1), hovertemplate=f"{said}<extra></extra>",
        marker={
            "size": 8, "line": {"color": look.muted, "width": 0.7},
            "symbol": ["circle" if value > 0 else "triangle-down" for value in x],
            **(scale if len(order) > 1 else {"color": [POSITIVE if value > 0 else NEGATIVE for value in x]}),
        },
    )  # fmt: skip


def subsets_figure(subsets: Sequence[Subset], look: Theme) -> go.Figure:
    """The relative error of the extreme eigenvalue, and of the worst of all, by the number of examples."""
    figure = go.Figure()
    most = max(one.n for one in subsets)
    for end, colour, symbol in (("LA", POSITIVE, "circle"), ("SA", NEGATIVE, "triangle-down")):
        own = sorted((one for one in subsets if one.end == end and one.n < most), key=lambda one: one.n)
        for name, dash, errors in (
            (f"{end}: the extreme one", "solid", [one.apart.extreme_error for one in own]),
            (f"{end}: the worst", "dot", [one.apart.largest_error for one in own]),
        ):
            figure.add_scatter(
                x=[one.n for one in own], y=errors, name=name, mode="lines+markers",
                line={"color": colour, "dash": dash}, marker={"symbol": symbol, "size": 8},
                hovertemplate="%{x:,} examples: %{y:.1%}<extra></extra>",
            )  # fmt: skip
    figure.update_xaxes(type="log", title_text="examples", tickvals=sorted({one.n for one in subsets}))
    figure.update_yaxes(rangemode="tozero", tickformat=".0%", title_text="relative error of λ")
    return styled(figure, look, 320)


def layer_bars(found: Curvature, layers: Mapping[str, int], look: Theme) -> go.Figure:
    """The extreme eigenvalues of each layer's own block.

    Args:
        found: the curvature.
        layers: name -> the number of its parameters.
        look: colours.
    """
    names = [literal(name) for name in layers]
    figure = go.Figure()
    for label, column, colour in (("largest of its block", 0, POSITIVE), ("smallest", 1, NEGATIVE)):
        figure.add_bar(
            x=found.blocks[:, column], y=names, orientation="h", name=label, marker={"color": colour},
            customdata=list(layers.values()), hovertemplate="%{x:.4g} of %{customdata:,} parameters<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="eigenvalue")
    figure.update_yaxes(autorange="reversed", type="category")
    return styled(figure, look, max(280, 34 * len(names) + 90), barmode="group")


def density_figure(found: Curvature, look: Theme) -> go.Figure:
    """How many of all eigenvalues lie where, on a logarithmic scale."""
    low, high = float(found.nodes.min()), float(found.nodes.max())
    edges = np.linspace(low, high, N_BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    counts: Doubles = np.histogram(found.nodes, edges, weights=found.weights)[0] * found.size
    middle = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    figure.add_bar(
        x=middle, y=np.where(counts > 0, counts, np.nan),
        marker={"color": [POSITIVE if x > 0 else NEGATIVE for x in middle]},
        hovertemplate="about %{y:.3g} eigenvalues near %{x:.3g}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="eigenvalue")
    figure.update_yaxes(type="log", title_text="eigenvalues, about", **log_ticks(counts))
    return styled(figure, look, 320, showlegend=False, bargap=0)
