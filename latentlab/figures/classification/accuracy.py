"""Accuracy with its interval, and whether a classifier is right as often as it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.classification.metrics import Calibration
from latentlab.analysis.stats import Proportion, wilson
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled, symbol

ROW = 30  # pixels of a line of dots


def accuracy_dots(found: Mapping[str, Proportion], look: Theme, reference: str = "") -> go.Figure:
    """An accuracy a line with its 95 % interval; a dashed line where the reference, one of them, is."""
    names, values = [literal(name) for name in found], list(found.values())
    error = {
        "type": "data", "symmetric": False, "array": [one.high - one.value for one in values],
        "arrayminus": [one.value - one.low for one in values], "color": look.muted, "thickness": 1.5, "width": 5,
    }  # fmt: skip
    figure = go.Figure()
    figure.add_scatter(
        x=[one.value for one in values], y=names, error_x=error, mode="markers",
        marker={"size": 11, "color": look.accent}, customdata=[[one.low, one.high] for one in values],
        hovertemplate="%{y}: %{x:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%})<extra></extra>",
    )  # fmt: skip
    if reference in found:
        figure.add_vline(found[reference].value, line={"color": look.muted, "dash": "dash", "width": 1})
    lowest = min(one.low for one in values)
    figure.update_xaxes(title_text="accuracy", tickformat=".0%", range=[max(0.0, lowest - 0.03), 1.01])
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return styled(figure, look, ROW * len(names) + 70, showlegend=False)


def reliability(found: Calibration, look: Theme) -> go.Figure:
    """Accuracy against certainty: a bin a dot with its interval, larger with more examples; the line is calibrated."""
    full = np.flatnonzero(found.n)
    n, x, y = found.n[full], found.confidence[full], found.accuracy[full]
    intervals = [wilson(float(p), float(k)) for p, k in zip(y, n, strict=True)]
    error = {
        "type": "data", "symmetric": False, "array": [one.high - one.value for one in intervals],
        "arrayminus": [one.value - one.low for one in intervals], "color": look.muted, "thickness": 1.5, "width": 4,
    }  # fmt: skip
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": look.muted, "dash": "dash", "width": 1}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=x, y=y, mode="markers", error_y=error, customdata=n,
        marker={"size": 8 + 16 * np.sqrt(n / n.sum()), "color": look.accent, "line": {"color": look.surface}},
        hovertemplate="%{customdata:,} examples, certain to %{x:.1%}, right %{y:.1%}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="probability of the predicted class", tickformat=".0%", range=[-0.02, 1.04])
    figure.update_yaxes(title_text="share that is right", tickformat=".0%", range=[-0.04, 1.06])
    return styled(figure, look, 340, showlegend=False)


def probability_bars(p: Doubles, classes: Sequence[str], true: int | None, look: Theme) -> go.Figure:
    """(K,) the probability of each class; the true one is marked, if it is known."""
    names = [literal(name) for name in classes]
    figure = go.Figure()
    figure.add_bar(
        x=p, y=names, orientation="h", marker={"color": [look.colour(k) for k in range(len(names))]},
        text=[f"{value:.1%}{', it is' if k == true else ''}" for k, value in enumerate(p)], textposition="auto",
        textangle=0, cliponaxis=False, outsidetextfont={"color": look.text, "size": 12}, insidetextanchor="end",
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[-0.03] * len(names), y=names, mode="markers", hoverinfo="skip",
        marker={"symbol": [symbol(k) for k in range(len(names))], "color": look.text, "size": 8},
    )  # fmt: skip
    figure.update_xaxes(range=[-0.06, 1.05], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return styled(figure, look, max(180, 26 * len(names) + 40), showlegend=False, bargap=0.25)
