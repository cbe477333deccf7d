"""Details of a score field drawn: eigenvalues, the path of denoising, energies side by side, and the exact optima in
one dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Doubles, Reals
from latentlab.analysis.score.exact_1d import WITHIN, Optima
from latentlab.analysis.score.field import Field
from latentlab.figures.score.field import PlaneLayer, draw_layer
from latentlab.figures.theme import MARK, Theme, log_ticks, styled

TRUE, CONTRACTING, DENOISING = "#2ca25f", "#f28e2b", "#8856a7"  # green, orange, purple, as in the source


def eigenvalue_bars(found: Doubles, exact: Doubles, look: Theme) -> go.Figure:
    """The eigenvalues of dr/dx at a place, (d,), compared with those of the optimal denoiser."""
    figure = go.Figure()
    names = [f"λ{k + 1}" for k in range(len(found))]
    figure.add_bar(x=names, y=found, name="this field", marker={"color": look.accent})
    figure.add_bar(x=names, y=exact, name="exact", marker={"color": TRUE, "pattern": {"shape": "/"}})
    figure.add_hline(y=0.5, line={"color": look.muted, "dash": "dot", "width": 1})
    figure.update_yaxes(title_text="eigenvalue of ∂r/∂x")
    return styled(figure, look, 240, bargap=0.4)


def denoising_steps(path: Doubles, sigma: float, look: Theme) -> go.Figure:
    """How far each step of repeated denoising moves a place; path is (T, d)."""
    moved = np.linalg.norm(np.diff(path, axis=0), axis=1) / sigma
    moved = np.where(moved > 0, moved, np.nan)  # what has arrived has no logarithm
    figure = go.Figure()
    steps = np.arange(1, len(moved) + 1)
    figure.add_scatter(x=steps, y=moved, mode="lines+markers", line={"color": look.accent}, showlegend=False)
    figure.update_yaxes(title_text="|r(x) − x| (σ)", type="log", **log_ticks(moved))
    figure.update_xaxes(title_text="step of denoising")
    return styled(figure, look, 240)


def noise_and_back(clean: Reals, noisy: Reals, denoised: Reals, look: Theme) -> go.Figure:
    """A point (2,) of the data, what noise made of it (N, 2), and where a denoiser moved that to: an arrow each."""
    figure = go.Figure()
    gap = np.full_like(noisy, np.nan)
    for name, start, end, colour, dash in (
        ("noise added", np.broadcast_to(clean, noisy.shape), noisy, look.muted, "dot"),
        ("denoised: the arrow", noisy, denoised, look.accent, "solid"),
    ):
        x, y = np.stack([start, end, gap], 1).reshape(-1, 2).T
        marker: dict[str, Any] = {
            "symbol": "arrow",
            "angleref": "previous",
            "size": [0, 10 * (dash == "solid"), 0] * len(noisy),
        }
        figure.add_scatter(
            x=x, y=y, mode="lines+markers", name=name, line={"color": colour, "dash": dash, "width": 2}, marker=marker
        )  # fmt: skip
    for name, at, colour, size in (
        ("clean point", clean[None], MARK, 12), ("noisy points", noisy, look.muted, 7),
    ):  # fmt: skip
        marker = {"color": colour, "size": size, "line": {"color": look.surface, "width": 1}}
        figure.add_scatter(x=at[:, 0], y=at[:, 1], mode="markers", name=name, marker=marker)
    figure.update_traces(hoverinfo="skip")
    figure.update_yaxes(scaleanchor="x", constrain="domain")
    figure.update_xaxes(constrain="domain")
    return styled(figure, look, 340)


def learning_curve(steps: Sequence[int], losses: Sequence[float], optimum: float, shown: int, look: Theme) -> go.Figure:
    """The loss at some steps of a training beside the least that there is; a ring marks the step that is shown."""
    figure = go.Figure()
    figure.add_scatter(x=list(steps), y=list(losses), mode="lines", line={"color": look.accent}, name="this network")
    where = [k for k, step in enumerate(steps) if step == shown]
    marker = {"symbol": "circle-open", "size": 11, "color": MARK, "line": {"width": 2.5}}
    x, y = [steps[k] for k in where], [losses[k] for k in where]
    figure.add_scatter(x=x, y=y, mode="markers", marker=marker, showlegend=False)
    line = {"color": TRUE, "dash": "dash"}
    ends = [0, max(steps, default=1) or 1]
    figure.add_scatter(x=ends, y=[optimum] * 2, mode="lines", line=line, name=f"the optimum: {optimum:.3g}")
    figure.update_traces(hovertemplate="step %{x:,}: %{y:.4g}<extra></extra>")
    figure.update_yaxes(title_text="loss (σ²)", type="log", **log_ticks(np.array([*losses, optimum])))
    figure.update_xaxes(title_text="step of training")
    return styled(figure, look, 230)


def energies(field: Field, layers: Sequence[PlaneLayer], look: Theme) -> dict[str, go.Figure]:
    """By name, layers over the same plane: contours for energies, shades for the rest; one scale for energies."""
    drawn = {}
    for layer in layers:
        drawn[layer.name] = figure = go.Figure(draw_layer(layer, field.x, field.y, look))
        figure.update_traces(showscale=False)
        if layer.contours:
            figure.update_traces(contours={"showlabels": True, "labelfont": {"size": 9, "color": look.text}})
        figure.update_yaxes(scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
        styled(figure, look, 316)
    return drawn


def optima_curves(found: Optima, look: Theme) -> go.Figure:
    """The density and r(x) on the left, the scores on the right, over the part that the source draws."""
    near = np.abs(found.x) <= WITHIN
    x = found.x[near].astype(np.float32)
    figure = make_subplots(1, 3, subplot_titles=("density p(x)", "r(x)", "score"), horizontal_spacing=0.07)
    figure.add_scatter(x=x, y=found.p[near], line={"color": look.text}, showlegend=False, row=1, col=1)
    figure.add_scatter(x=x, y=x, line={"color": look.muted, "dash": "dot"}, name="identity", row=1, col=2)
    both = (("contracting", found.contracting, CONTRACTING, "dash"), ("denoising", found.denoising, DENOISING, "solid"))
    for name, r, colour, dash in both:
        line = {"color": colour, "dash": dash, "width": 2}
        figure.add_scatter(x=x, y=r[near], line=line, name=name, legendgroup=name, row=1, col=2)
    figure.add_scatter(x=x, y=found.score[near], line={"color": TRUE, "width": 3}, name="true score", row=1, col=3)
    scores = (found.contracting_score, found.denoising_score)
    for (name, _, colour, dash), score in zip(both, scores, strict=True):
        line = {"color": colour, "dash": dash, "width": 2}
        figure.add_scatter(x=x, y=score[near], line=line, legendgroup=name, showlegend=False, row=1, col=3)
    dense = near & (found.p > 1e-3 * found.p.max())
    learned = float(np.abs(np.concatenate([score[near] for score in scores])).max())
    true = float(np.abs(found.score[dense]).max()) if dense.any() else learned
    most = 1.2 * max(min(true, 3 * learned), 1e-3)  # the spikes of narrow bumps would hide all else
    figure.update_yaxes(range=[-most, most], row=1, col=3)
    figure.update_xaxes(title_text="x")
    figure.update_annotations(font={"size": 13, "color": look.muted})
    figure.update_traces(mode="lines", hoverinfo="skip")
    legend = {"orientation": "h", "y": -0.22, "yanchor": "top"}
    return styled(figure, look, 360, margin={"l": 8, "r": 8, "t": 32, "b": 8}, legend=legend)
