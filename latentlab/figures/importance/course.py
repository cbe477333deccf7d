"""Losses, errors and variances of trainings that draw by importance, and of plain SGD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled

ISSGD, SGD = "#2f9e44", "#1c7ed6"  # green and blue, as in the source
METHODS = {"ISSGD": (ISSGD, "solid"), "SGD": (SGD, "dash")}
TRACES = {
    "ideal": (ISSGD, "solid"),
    "stale + c": ("#e08a1e", "dash"),
    "stale": ("#d1495b", "dot"),
    "uniform": (SGD, "dashdot"),
}


def bands(
    steps: Sequence[int],
    values: Mapping[str, Doubles],
    styles: Mapping[str, tuple[str, str]],
    look: Theme,
    title: str,
    log: bool = False,
    height: int = 270,
) -> go.Figure:
    """The median of each over seeds, in a band from the first to the third quartile.

    Args:
        steps: (T,) of the training.
        values: name -> (seeds, T); what is NaN isn't drawn.
        styles: name -> colour and dash.
        look: colours.
        title: of the vertical axis.
        log: whether that is logarithmic.
        height: in pixels.
    """
    figure = go.Figure()
    for name, found in values.items():
        low, middle, high = np.quantile(found, [0.25, 0.5, 0.75], axis=0)
        known = np.isfinite(middle) & ((middle > 0) | (not log))
        if not known.any():
            continue
        x, (colour, dash) = np.array(steps)[known], styles[name]
        edge = np.concatenate([high[known], low[known][::-1]])
        if log:
            edge = np.maximum(edge, middle[known].min() / 10)
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]), y=edge, fill="toself",
            fillcolor=colour, opacity=0.18, line={"width": 0}, hoverinfo="skip", showlegend=False, name=literal(name),
        )  # fmt: skip
        figure.add_scatter(
            x=x.tolist(), y=middle[known].tolist(), name=literal(name), mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate=f"{literal(name)}, step %{{x:,}}: %{{y:.4g}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="steps")
    figure.update_yaxes(title_text=literal(title), rangemode="normal" if log else "tozero")
    if log:
        every = np.concatenate([np.median(found, axis=0) for found in values.values()] or [np.ones(1)])
        figure.update_yaxes(type="log", **log_ticks(every))
    return styled(figure, look, height)
