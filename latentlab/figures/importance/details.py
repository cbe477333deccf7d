"""How long gradients are, how old weights are, and importance sampling on a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.importance.one_dimensional import GRID, Estimates
from latentlab.analysis.importance.staleness import kept_by_threshold
from latentlab.figures.importance.course import ISSGD, SGD
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, log_ticks, styled, symbol

SHOWN = 4.5  # of the line on both sides of 0
N_BINS = 40
N_THRESHOLDS = 200
KEPT_BY_SOURCE = 0.15  # by a threshold of four seconds


def norm_histogram(norms: Doubles, planted: Doubles, look: Theme) -> go.Figure:
    """How many examples have a gradient of which length, on a logarithmic scale, and of these the planted ones.

    Args:
        norms: (N,) of all examples.
        planted: (n,) those of examples with a planted wrong label; none: they aren't drawn.
        look: colours.
    """
    positive = norms[norms > 0]
    low, high = (float(np.log10(value)) for value in (positive.min(), positive.max())) if len(positive) else (0.0, 1.0)
    edges = np.logspace(low, max(high, low + 1e-6), N_BINS + 1)
    figure, middle = go.Figure(), np.sqrt(edges[1:] * edges[:-1])
    for name, found, colour in (("all examples", norms, SGD), ("planted wrong labels", planted, "#d1495b")):
        if len(found):
            figure.add_bar(
                x=middle, y=np.histogram(found, edges)[0], width=edges[1:] - edges[:-1], name=name,
                marker={"color": colour}, hovertemplate="|g| near %{x:.3g}: %{y:,}<extra></extra>",
            )  # fmt: skip
    figure.update_xaxes(type="log", title_text="length of the gradient", **log_ticks(edges))
    figure.update_yaxes(title_text="examples")
    return styled(figure, look, 300, barmode="overlay", bargap=0, showlegend=bool(len(planted)))


def class_shares(shares: Doubles, classes: Sequence[str], look: Theme) -> go.Figure:
    """How often each class is drawn, relative to how many examples it has."""
    names = [literal(name) for name in classes]
    figure = go.Figure()
    figure.add_bar(
        x=shares, y=names, orientation="h", marker={"color": [look.colour(k) for k in range(len(names))]},
        hovertemplate="%{y}: drawn %{x:.2f} times as often as there are examples<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=shares, y=names, mode="markers", hoverinfo="skip",
        marker={"symbol": [symbol(k) for k in range(len(names))], "color": look.text, "size": 8},
    )  # fmt: skip
    figure.add_vline(1.0, line={"color": look.text, "dash": "dash", "width": 1})
    figure.update_xaxes(title_text="share of draws / share of examples", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category")
    return styled(figure, look, max(300, 24 * len(names) + 70), showlegend=False)


def kept_figure(ages: Doubles, look: Theme) -> go.Figure:
    """The share of weights (N,) that a threshold of age keeps, and where that is the source's 15 %."""
    thresholds = np.linspace(0, 1.25 * float(ages.max()) + 1, N_THRESHOLDS)
    source = float(np.quantile(ages, KEPT_BY_SOURCE))
    figure = go.Figure()
    figure.add_scatter(
        x=thresholds, y=kept_by_threshold(ages, thresholds), mode="lines", line={"color": ISSGD, "width": 2.5},
        hovertemplate="no older than %{x:.0f} steps: %{y:.0%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[source], y=[KEPT_BY_SOURCE], mode="markers+text", text=["as the source: 15 %"],
        textposition="middle right", marker={"symbol": "diamond", "size": 11, "color": look.accent},
        textfont={"color": look.text}, hovertemplate="%{x:.0f} steps keep 15 %<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="threshold of age, steps")
    figure.update_yaxes(title_text="weights kept", tickformat=".0%", range=[0, 1.05])
    return styled(figure, look, 280, showlegend=False)


def age_figure(ages: Doubles, look: Theme) -> go.Figure:
    """How many of the weights (N,) were measured how many steps ago."""
    counts, edges = np.histogram(ages, min(N_BINS, int(ages.max()) + 1))
    figure = go.Figure()
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2, y=counts, marker={"color": ISSGD},
        hovertemplate="about %{x:.0f} steps old: %{y:,} weights<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text="age of a weight, steps")
    figure.update_yaxes(title_text="weights", rangemode="tozero")
    return styled(figure, look, 280, showlegend=False, bargap=0)


def densities_figure(found: Estimates, look: Theme) -> go.Figure:
    """p, the proposal q, and p |f|, each as a density."""
    near = np.abs(GRID) <= SHOWN
    integrand = found.density * np.abs(found.values)
    integrand = integrand / (integrand.sum() * (GRID[1] - GRID[0]))
    figure = go.Figure()
    for name, values, colour, dash in (
        ("p", found.density, SGD, "dash"),
        ("q, drawn from", found.proposal, ISSGD, "solid"),
        ("p |f|, the best q", integrand, "#e08a1e", "dot"),
    ):
        figure.add_scatter(
            x=GRID[near], y=values[near], name=name, mode="lines", line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate="%{x:.2f}: %{y:.3g}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="x")
    figure.update_yaxes(title_text="density", rangemode="tozero")
    return styled(figure, look, 300)


def running_mean(found: Estimates, look: Theme) -> go.Figure:
    """The mean of the first draws, in a band of two standard errors around the exact value."""
    n = np.arange(1, len(found.running) + 1)
    figure = go.Figure()
    variance = found.variances[1]
    if np.isfinite(variance):
        error = 2 * np.sqrt(max(variance, 0.0) / n)
        figure.add_scatter(
            x=np.concatenate([n, n[::-1]]), y=np.concatenate([found.exact + error, (found.exact - error)[::-1]]),
            fill="toself", fillcolor=ISSGD, opacity=0.15, line={"width": 0}, hoverinfo="skip",
            name="± 2 standard errors",
        )  # fmt: skip
    figure.add_scatter(
        x=n, y=found.running, mode="lines", name="mean of the draws", line={"color": ISSGD, "width": 2},
        hovertemplate="%{x:,} draws: %{y:.4g}<extra></extra>",
    )  # fmt: skip
    figure.add_hline(found.exact, line={"color": look.text, "dash": "dash", "width": 1})
    figure.update_xaxes(type="log", title_text="draws", **log_ticks(n.astype(np.float64)))
    figure.update_yaxes(title_text="estimate of E[f]")
    return styled(figure, look, 300)
