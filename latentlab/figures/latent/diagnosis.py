"""Diagnoses drawn: where a latent space is supported, and what each dimension's aggregate posterior looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.latent.bottleneck import Health, dimension_name
from latentlab.analysis.latent.support import SupportMap
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled


def support_maps(
    support: SupportMap, here: tuple[float, float], names: tuple[str, str], classes: Sequence[str], look: Theme
) -> dict[str, go.Figure]:
    """By title, a map for each quantity over the plane, a ring where the code is; large (bright) is less real."""
    quantities = {
        "distance to examples (σ)": support.neighbour_distance,
        "round-trip distance (σ)": support.round_trip,
        "magnification (log₁₀)": support.log_magnification / np.float32(np.log(10)),
    }
    bar = {"orientation": "h", "thickness": 8, "y": -0.2, "yanchor": "top", "tickfont": {"color": look.muted}}
    maps = {}
    for title, values in quantities.items():
        if values is not None:
            maps[title] = figure = go.Figure()
            figure.add_heatmap(
                x=support.x, y=support.y, z=values, colorscale="Viridis", colorbar=bar,
                hovertemplate=f"%{{x:.2f}}, %{{y:.2f}}<br>{title} %{{z:.3g}}<extra></extra>",
            )  # fmt: skip
    if support.predicted is not None and support.entropy is not None:
        maps["predicted class, dark where uncertain"] = _regions(support, classes, look)
    for figure in maps.values():
        for colour, width in ((look.surface, 5), (MARK, 2.5)):
            marker = {"size": 13, "symbol": "circle-open", "color": colour, "line": {"width": width}}
            figure.add_scatter(x=[here[0]], y=[here[1]], mode="markers", hoverinfo="skip", marker=marker)
        figure.update_xaxes(title_text=f"{literal(names[0])} (σ)", constrain="domain", showgrid=False)
        figure.update_yaxes(title_text=f"{literal(names[1])} (σ)", scaleanchor="x", showgrid=False)
        figure.update_yaxes(constrain="domain", constraintoward="top")  # so that maps stand level beside each other
        styled(figure, look, 360, showlegend=False, margin={"l": 8, "r": 8, "t": 8, "b": 64})
    return maps


def qq_plots(health: Health, look: Theme, n_shown: int = 8) -> go.Figure:
    """Quantiles of each dimension's aggregate posterior against the prior's: on the diagonal where they agree."""
    order = [int(axis) for axis in health.order[:n_shown]]
    columns = min(4, len(order))
    rows = -(-len(order) // columns)
    titles = [f"{dimension_name(a, health.code)}: {health.mean[a]:.2f} ± {health.std[a]:.2f}" for a in order]
    figure = make_subplots(rows, columns, subplot_titles=titles, horizontal_spacing=0.05, vertical_spacing=0.16)
    for place, axis in enumerate(order):
        row, column = divmod(place, columns)
        ends = health.normal[[0, -1]]
        figure.add_scatter(
            x=ends, y=ends, mode="lines", hoverinfo="skip", line={"color": look.muted, "dash": "dot", "width": 1},
            row=row + 1, col=column + 1,
        )  # fmt: skip
        colour = look.accent if health.active[axis] else look.muted
        figure.add_scatter(
            x=health.normal, y=health.quantiles[axis], mode="lines", line={"color": colour, "width": 2.5},
            row=row + 1, col=column + 1, hovertemplate="prior %{x:.2f}<br>codes %{y:.2f}<extra></extra>",
        )  # fmt: skip
    figure.update_annotations(font={"size": 13, "color": look.text})
    return styled(figure, look, 60 + 210 * rows, showlegend=False, margin={"l": 8, "r": 8, "t": 32, "b": 8})


def correlations(health: Health, look: Theme) -> go.Figure:
    """The correlation of every two dimensions of the aggregate posterior."""
    names = [dimension_name(axis, health.code) for axis in range(len(health.mean))]
    scale = {"thickness": 8, "tickvals": [-1, -0.5, 0, 0.5, 1], "tickfont": {"color": look.muted}}
    figure = go.Figure(
        go.Heatmap(
            x=names, y=names, z=health.correlation, zmin=-1, zmax=1, colorscale="RdBu", reversescale=True,
            colorbar=scale, hovertemplate="%{x}, %{y}: %{z:.2f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain")
    figure.update_xaxes(constrain="domain", showgrid=False)
    return styled(figure, look, 360)


def _regions(support: SupportMap, classes: Sequence[str], look: Theme) -> go.Figure:
    """The most probable class in its colour, its name in the middle of its region, darker where the classifier is
    uncertain.
    """
    assert support.predicted is not None
    assert support.entropy is not None
    figure, k = go.Figure(), len(classes)
    scale = [[edge / k, look.colour(i)] for i in range(k) for edge in (i, i + 1)]
    names = np.asarray([*map(literal, classes), "?"])[support.predicted]
    figure.add_heatmap(
        x=support.x, y=support.y, z=support.predicted, zmin=-0.5, zmax=k - 0.5, colorscale=scale, showscale=False,
        customdata=np.dstack([names, support.entropy.astype("U5")]),
        hovertemplate="%{x:.2f}, %{y:.2f}<br>%{customdata[0]}, entropy %{customdata[1]} nats<extra></extra>",
    )  # fmt: skip
    figure.add_heatmap(
        x=support.x, y=support.y, z=support.entropy, zmin=0, zmax=float(np.log(k)), showscale=False, hoverinfo="skip",
        colorscale=[[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0.85)"]],
    )  # fmt: skip
    for index, name in enumerate(classes):
        rows, columns = np.nonzero(support.predicted == index)
        if len(rows) > 0.01 * support.predicted.size:
            x, y = support.x[columns], support.y[rows]
            middle = np.argmin((x - np.median(x)) ** 2 + (y - np.median(y)) ** 2)
            figure.add_scatter(
                x=x[[middle]], y=y[[middle]], mode="text", text=[literal(name)], hoverinfo="skip",
                textfont={"size": 15, "color": "#ffffff", "shadow": "1px 1px 3px #000000"},
            )  # fmt: skip
    return figure
