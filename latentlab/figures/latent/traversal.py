"""A latent space drawn: strips along its dimensions, the manifold of a plane, and what each dimension carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.latent.bottleneck import Bottleneck, dimension_name
from latentlab.analysis.latent.traversal import ManifoldGrid, Traversal
from latentlab.figures.examples.appearance import Appearance, add_numbers
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled


def strips(
    rows: Sequence[Traversal], here: Sequence[float], look: Theme, drawn: Appearance, names: Sequence[str]
) -> go.Figure:
    """One row of examples for each traversal; a mark shows where the code is (`here`, one value a row)."""
    steps = rows[0].values
    half = float(steps[1] - steps[0]) / 2
    examples = np.stack([row.examples for row in rows])
    figure = go.Figure()
    figure.add_layout_image(
        source=drawn.cells(examples, look, gap=2), xref="x", yref="y", sizing="stretch", layer="below",
        x=float(steps[0]) - half, y=-0.5, sizex=float(steps[-1] - steps[0]) + 2 * half, sizey=len(rows),
    )  # fmt: skip
    figure.add_scatter(
        x=np.asarray(here, np.float32), y=np.arange(len(rows)) - 0.42, mode="markers", hoverinfo="skip",
        marker={"symbol": "triangle-down", "size": 13, "color": MARK,
                "line": {"color": look.surface, "width": 1.5}},
    )  # fmt: skip
    add_numbers(figure, examples, np.asarray(steps), np.arange(len(rows)), drawn)
    figure.update_xaxes(
        range=[float(steps[0]) - half, float(steps[-1]) + half],
        title_text="value, in standard deviations σ",
        showgrid=False,
    )
    figure.update_yaxes(
        range=[len(rows) - 0.5, -0.5], showgrid=False, tickvals=np.arange(len(rows)),
        ticktext=[literal(name) for name in names],
    )  # fmt: skip
    return styled(figure, look, drawn.row * len(rows) + 48, showlegend=False, dragmode=False)


def manifold(
    grid: ManifoldGrid,
    here: tuple[float, float],
    names: tuple[str, str],
    look: Theme,
    drawn: Appearance,
    height: int = 640,
) -> go.Figure:
    """The lattice as one picture; a ring shows where the code is. Axes count in σ of the prior, however spaced."""
    n = len(grid.x)
    ticks = [v for v in (-3, -2, -1, 0, 1, 2, 3) if grid.x[0] - 1e-3 <= v <= grid.x[-1] + 1e-3]
    places = np.interp(ticks, grid.x, np.arange(n, dtype=np.float32))
    figure = go.Figure()
    figure.add_layout_image(
        source=drawn.cells(grid.examples, look),
        xref="x", yref="y", sizing="stretch", layer="below", x=-0.5, y=n - 0.5, sizex=n, sizey=n,
    )  # fmt: skip
    add_numbers(figure, grid.examples, np.arange(n), np.arange(n)[::-1], drawn)
    x, y = (np.interp([value], grid.x, np.arange(n, dtype=np.float32)) for value in here)
    for size, colour, width in ((19, look.surface, 5), (19, MARK, 2.5)):
        marker = {"size": size, "symbol": "circle-open", "color": colour, "line": {"width": width}}
        figure.add_scatter(x=x, y=y, mode="markers", hoverinfo="skip", marker=marker)
    figure.update_xaxes(
        range=[-0.5, n - 0.5], tickvals=places, ticktext=[str(v) for v in ticks], title_text=f"{literal(names[0])} (σ)"
    )
    figure.update_yaxes(
        range=[-0.5, n - 0.5], tickvals=places, ticktext=[str(v) for v in ticks], title_text=f"{literal(names[1])} (σ)"
    )
    figure.update_yaxes(scaleanchor="x", constrain="domain", constraintoward="top")
    figure.update_xaxes(constrain="domain")
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
    return styled(figure, look, height, showlegend=False, dragmode=False)


def carried(bottleneck: Bottleneck, look: Theme, height: int = 300, code: str = "z") -> go.Figure:
    """A bar for each dimension, most first; the unused ones are gray and hatched."""
    order = bottleneck.order
    active = bottleneck.active[order]
    label = {"nats": "KL (nats)", "variance": "variance of the code"}.get(bottleneck.unit, f"share {bottleneck.unit}")
    figure = go.Figure()
    for name, chosen, colour, shape in (("used", active, look.accent, ""), ("unused", ~active, look.muted, "/")):
        if chosen.any():
            figure.add_bar(
                x=np.flatnonzero(chosen), y=bottleneck.carries[order][chosen], name=name,
                marker={"color": colour, "pattern": {"shape": shape}},
                customdata=[dimension_name(int(axis), code) for axis in order[chosen]],
                hovertemplate="%{customdata}: %{y:.3g}<extra>" + name + "</extra>",
            )  # fmt: skip
    shown = np.arange(0, len(order), max(1, len(order) // 32))
    figure.update_xaxes(tickvals=shown, ticktext=[dimension_name(int(order[i]), code) for i in shown], showgrid=False)
    figure.update_yaxes(title_text=label, rangemode="tozero")
    return styled(figure, look, height, bargap=0.25)
