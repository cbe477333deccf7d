"""Accuracy against the number of labels, a line for each trunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from latentlab.experiments.transfer import Line
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled, symbol

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
BAND = 0.15  # opacity


def label_curves(
    lines: Sequence[Line], own: Mapping[str, tuple[int, float]], look: Theme, nothing: float | None = None
) -> go.Figure:
    """Means over the seeds with bands from the lowest to the highest; labels on a logarithmic axis.

    Args:
        lines: one for each trunk.
        own: title -> labels and accuracy, of runs of the user's own.
        look: colours.
        nothing: the accuracy of a network that knows nothing; a dashed line is there.
    """
    figure = go.Figure()
    for k, line in enumerate(lines):
        colour = look.classes[k % len(look.classes)]
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        figure.add_scatter(
            x=[*line.labels, *reversed(line.labels)], y=[*line.high, *reversed(line.low)], mode="lines",
            fill="toself", fillcolor=f"rgba({red},{green},{blue},{BAND})", line={"width": 0}, hoverinfo="skip",
            showlegend=False, legendgroup=literal(line.trunk),
        )  # fmt: skip
        figure.add_scatter(
            x=line.labels, y=line.mean, mode="lines+markers", name=literal(line.trunk), legendgroup=literal(line.trunk),
            line={"color": colour, "width": 2, "dash": DASHES[k % len(DASHES)]},
            marker={"size": 8, "symbol": symbol(k)}, customdata=list(zip(line.low, line.high, strict=True)),
            hovertemplate=f"{literal(line.trunk)}<br>%{{x:,}} labels: %{{y:.1%}} (%{{customdata[0]:.1%}} to "
            "%{customdata[1]:.1%})<extra></extra>",
        )  # fmt: skip
    if own:
        figure.add_scatter(
            x=[labels for labels, _ in own.values()], y=[right for _, right in own.values()], mode="markers",
            name="your runs", text=[literal(title) for title in own],
            marker={"size": 13, "symbol": "star", "color": MARK, "line": {"color": look.surface, "width": 1}},
            hovertemplate="%{text}<br>%{x:,} labels: %{y:.1%}<extra></extra>",
        )  # fmt: skip
    if nothing is not None:
        figure.add_hline(
            nothing, line={"color": look.muted, "dash": "dash", "width": 1},
            annotation={"text": f"no to every class: {nothing:.1%}", "font": {"color": look.muted, "size": 12}},
            annotation_position="bottom right",
        )  # fmt: skip
    ticks = sorted({n for line in lines for n in line.labels})
    figure.update_xaxes(
        type="log", title_text="training examples with a label", tickvals=ticks, ticktext=[f"{n:,}" for n in ticks]
    )
    figure.update_yaxes(title_text="accuracy", tickformat=".0%")
    return styled(figure, look, 460, legend={"orientation": "h", "y": -0.18, "font": {"color": look.text}})
