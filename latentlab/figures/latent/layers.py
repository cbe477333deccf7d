"""What the layers of a hierarchy of latent variables carry: unit by unit over a training, and run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.latent.layer_usage import ACTIVE_KL, LayerUsage, UsageHistory
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled

LEAST_ROWS = 4  # as high as so many units is a layer of fewer
PATTERNS = ("", "/", ".", "x", "-", "+")  # of z1, z2, and so on, so that shades are not the only cue
WIDEST_BAR = 0.25  # of the figure's width
NAMED = 12  # classes whose names are on a small map
TALLEST = 420  # pixels of all units together
GAP = 12  # pixels between two layers


def unit_heat_map(found: UsageHistory, look: Theme, least: float = ACTIVE_KL, most: float | None = None) -> go.Figure:
    """What each unit (down, sorted by the end) carried after each epoch (across), in a box for each layer.

    Args:
        found: the record of a training.
        look: colours.
        least: nats; what carries less is left blank.
        most: nats where the colours end, so that runs can be compared; None for the largest there is.
    """
    heights = [max(LEAST_ROWS, units.shape[1]) for units in found.units.values()]
    height = 70 + min(9 * sum(heights), TALLEST) + GAP * len(heights)
    figure = make_subplots(
        len(heights), 1, shared_xaxes=True, row_heights=heights, vertical_spacing=GAP / (height - 70)
    )
    if most is None:
        most = max(float(np.nanmax(units, initial=10 * least)) for units in found.units.values())
    for row, (name, units) in enumerate(found.units.items(), 1):
        order = np.argsort(np.nan_to_num(units[-1]), kind="stable")[::-1]
        shown = np.where(units[:, order] >= least, units[:, order], np.nan).T
        numbers = np.broadcast_to(order[:, None] + 1, shown.shape)
        figure.add_heatmap(
            z=np.log10(shown), x=found.epochs, customdata=np.dstack([shown, numbers]), row=row, col=1,
            coloraxis="coloraxis",
            hovertemplate=f"{literal(name)}, unit %{{customdata[1]}}, epoch %{{x}}: %{{customdata[0]:.3g}} nats"
            "<extra></extra>",
        )  # fmt: skip
        figure.update_yaxes(
            title_text=literal(name), autorange="reversed", showticklabels=False, showgrid=False, row=row, col=1
        )
    figure.update_xaxes(showgrid=False)
    figure.update_xaxes(title_text="epoch", row=len(heights), col=1)
    ticks = log_ticks(np.array([least, most]))
    bar = {
        "title": {"text": "nats", "font": {"size": 13, "color": look.muted}}, "thickness": 12, "outlinewidth": 0,
        "tickvals": np.log10(ticks["tickvals"]), "ticktext": ticks["ticktext"], "tickfont": {"color": look.muted},
    }  # fmt: skip
    axis = {"colorscale": "Viridis", "cmin": np.log10(least), "cmax": np.log10(most), "colorbar": bar}
    return styled(figure, look, height, coloraxis=axis)


def layer_bars(found: Mapping[str, Sequence[LayerUsage]], look: Theme) -> go.Figure:
    """What each layer carries, stacked from z1 up, in a bar for each run."""
    figure = go.Figure()
    names = list(dict.fromkeys(layer.name for layers in found.values() for layer in layers))
    for depth, name in enumerate(names):
        of_run = {run: layer for run, layers in found.items() for layer in layers if layer.name == name}
        figure.add_bar(
            x=list(map(literal, of_run)), y=[layer.total for layer in of_run.values()], name=literal(name),
            customdata=[[int(layer.active.sum()), len(layer.units)] for layer in of_run.values()],
            marker={
                "color": look.accent, "opacity": 1 - 0.7 * depth / max(len(names) - 1, 1),
                "pattern": {
                    "shape": PATTERNS[depth % len(PATTERNS)], "fgcolor": look.surface, "size": 6, "fillmode": "overlay",
                },
            },
            hovertemplate="%{y:.2f} nats, %{customdata[0]} of %{customdata[1]} units active",
        )  # fmt: skip
    figure.update_yaxes(title_text="KL divergence (nats)")
    figure.update_xaxes(showgrid=False)
    gap = 1 - min(0.8, WIDEST_BAR * len(found))
    return styled(figure, look, 340, barmode="stack", bargap=gap, legend_traceorder="normal")


def layer_map(xy: Floats, y: Labels, classes: Sequence[str], look: Theme) -> go.Figure:
    """Examples of a layer by class, small, each class named at its middle where there are few.

    Args:
        xy: (N, 2).
        y: (N,) classes, or UNLABELLED.
        classes: their names.
        look: colours.
    """
    figure = go.Figure()
    for k in np.unique(y):
        name = literal(classes[k]) if k >= 0 else "no class"
        x, up = xy[y == k].T
        colour = look.classes[k % len(look.classes)] if k >= 0 else look.muted
        figure.add_scattergl(
            x=x, y=up, mode="markers", marker={"size": 4, "color": colour, "opacity": 0.7}, name=name,
            hovertemplate=f"{name}<extra></extra>",
        )  # fmt: skip
        if k >= 0 and len(classes) <= NAMED:
            figure.add_annotation(
                x=float(np.median(x)), y=float(np.median(up)), text=name, showarrow=False,
                bgcolor=look.surface, opacity=0.85, font={"size": 12, "color": look.text},
            )  # fmt: skip
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    return styled(figure, look, 230, showlegend=False)
