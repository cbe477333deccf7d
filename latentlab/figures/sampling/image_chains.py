"""Chains of images and the exact chain, drawn: classes over the steps, matrices, distributions, a curve of widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Doubles
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled


def class_trace(labels: NDArray[np.int64], classes: Sequence[str], every: int, look: Theme) -> go.Figure:
    """(T, B) the class of each frame of a few chains, by colour and by name."""
    n_frames, n_chains = labels.shape
    figure = go.Figure()
    steps = np.arange(1, n_frames + 1, dtype=np.float32) * every
    for k, name in enumerate(classes):
        at, chain = np.nonzero(labels == k)
        shown, first = literal(name), literal(name[:1])
        figure.add_scatter(
            x=steps[at], y=(chain + 1).astype(np.float32), mode="markers+text", name=shown, text=[first] * len(at),
            textfont={"size": 10, "color": look.surface}, hovertemplate=f"step %{{x}}<br>{shown}<extra></extra>",
            marker={"size": 15, "color": look.colour(k), "symbol": "square"},  # the ground of its letter
        )  # fmt: skip
    figure.update_xaxes(title_text="step")
    figure.update_yaxes(title_text="chain", range=[n_chains + 0.6, 0.4], dtick=1)
    return styled(figure, look, 90 + 26 * n_chains, showlegend=False)


def matrices(content: Mapping[str, Doubles], look: Theme) -> go.Figure:
    """Transition matrices beside each other: a row for where from, a column for where to."""
    figure = make_subplots(1, len(content), subplot_titles=list(content), horizontal_spacing=0.05)
    for column, values in enumerate(content.values(), 1):
        n = len(values)
        names = np.arange(1, n + 1)
        figure.add_heatmap(
            z=values.astype(np.float32), x=names, y=names, zmin=0, zmax=1, showscale=False,
            colorscale=[[0, look.surface], [1, look.accent]], row=1, col=column,
            hovertemplate="from %{y} to %{x}: %{z:.3f}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False)
    figure.update_annotations(font={"size": 13, "color": look.muted})
    return styled(figure, look, 260, margin={"l": 8, "r": 8, "t": 28, "b": 8})


def laws(content: Mapping[str, Doubles], look: Theme) -> go.Figure:
    """Probabilities of the same states, beside each other."""
    figure = go.Figure()
    colours = (look.muted, look.accent, look.text)
    shapes = ("", "/", "x")
    for k, (name, values) in enumerate(content.items()):
        figure.add_bar(
            x=np.arange(1, len(values) + 1), y=values.astype(np.float32), name=name,
            marker={"color": colours[k % 3], "pattern": {"shape": shapes[k % 3]}},
        )  # fmt: skip
    figure.update_xaxes(title_text="state", dtick=1)
    figure.update_yaxes(title_text="probability")
    return styled(figure, look, 260, barmode="group")


def width_curve(widths: Doubles, curve: Doubles, chosen: float, look: Theme) -> go.Figure:
    """The validation log-likelihood by the width of the Parzen estimate, and the width that is taken."""
    figure = go.Figure()
    figure.add_scatter(
        x=widths.astype(np.float32), y=curve.astype(np.float32), mode="lines+markers",
        line={"color": look.accent, "width": 2}, name="validation",
    )  # fmt: skip
    figure.add_vline(chosen, line={"color": look.muted, "dash": "dash", "width": 1})
    low, high = float(np.quantile(curve, 0.25)), float(curve.max())
    figure.update_yaxes(title_text="log-likelihood (nats)", range=[low, high + 0.1 * (high - low) + 1])
    figure.update_xaxes(title_text="width", type="log", **log_ticks(widths))
    return styled(figure, look, 280, showlegend=False)
