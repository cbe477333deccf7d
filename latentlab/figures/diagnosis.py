"""Diagnoses drawn: where a latent space is supported, and what each dimension's aggregate posterior looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.bottleneck import Health
from latentlab.analysis.support import SupportMap
from latentlab.figures.theme import Theme, styled

MARK = "#ff5c8a"


def support_maps(
    support: SupportMap, here: tuple[float, float], names: tuple[str, str], classes: Sequence[str], look: Theme
) -> go.Figure:
    """A map for each quantity over the plane, with a ring where the code is; large (bright) is less real."""
    maps = [
        ("distance to encoded examples (σ)", support.neighbour_distance),
        ("decode and encode again (σ)", support.round_trip),
        ("magnification (log10)", support.log_magnification / np.float32(np.log(10))),
    ]
    shown = [(title, values) for title, values in maps if values is not None]
    n = len(shown) + (support.predicted is not None)
    titles = [title for title, _ in shown] + ["the judge's class, dark where unsure"] * (support.predicted is not None)
    figure = make_subplots(1, n, subplot_titles=titles, horizontal_spacing=0.05)
    for column, (title, values) in enumerate(shown, 1):
        figure.add_heatmap(
            x=support.x, y=support.y, z=values, colorscale="Viridis", row=1, col=column,
            colorbar={"thickness": 8, "len": 0.9, "x": _right_of(column, n), "tickfont": {"color": look.muted}},
            hovertemplate=f"%{{x:.2f}}, %{{y:.2f}}<br>{title} %{{z:.3g}}<extra></extra>",
        )  # fmt: skip
    if support.predicted is not None and support.entropy is not None:
        _regions(figure, support, classes, look, n)
    for column in range(1, n + 1):
        for colour, width in ((look.surface, 5), (MARK, 2.5)):
            marker = {"size": 13, "symbol": "circle-open", "color": colour, "line": {"width": width}}
            figure.add_scatter(
                x=[here[0]], y=[here[1]], mode="markers", hoverinfo="skip", marker=marker, row=1, col=column
            )
        figure.update_xaxes(title_text=f"{names[0]} (σ)", constrain="domain", row=1, col=column)
        figure.update_yaxes(scaleanchor=f"x{column if column > 1 else ''}", constrain="domain", row=1, col=column)
    figure.update_yaxes(title_text=f"{names[1]} (σ)", row=1, col=1)
    figure.update_annotations(font={"size": 13, "color": look.text})
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
    return styled(figure, look, 340, showlegend=False, margin={"l": 8, "r": 8, "t": 32, "b": 8})


def qq_plots(health: Health, look: Theme, n_shown: int = 8) -> go.Figure:
    """Quantiles of each dimension's aggregate posterior against the prior's: on the diagonal where they agree."""
    order = [int(axis) for axis in health.order[:n_shown]]
    columns = min(4, len(order))
    rows = -(-len(order) // columns)
    titles = [f"z{a + 1}: {health.mean[a]:.2f} ± {health.std[a]:.2f}" for a in order]
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
    names = [f"z{axis + 1}" for axis in range(len(health.mean))]
    figure = go.Figure(
        go.Heatmap(
            x=names, y=names, z=health.correlation, zmin=-1, zmax=1, colorscale="RdBu", reversescale=True,
            colorbar={"thickness": 8}, hovertemplate="%{x}, %{y}: %{z:.2f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", scaleanchor="x", constrain="domain")
    figure.update_xaxes(constrain="domain", showgrid=False)
    return styled(figure, look, 360)


def _regions(figure: go.Figure, support: SupportMap, classes: Sequence[str], look: Theme, n: int) -> None:
    """The most probable class in its colour, its name in the middle of its region, darker where the judge is unsure."""
    assert support.predicted is not None
    assert support.entropy is not None
    k = len(classes)
    scale = [[edge / k, look.classes[i % len(look.classes)]] for i in range(k) for edge in (i, i + 1)]
    names = np.asarray([*classes, "?"])[support.predicted]
    figure.add_heatmap(
        x=support.x, y=support.y, z=support.predicted, zmin=-0.5, zmax=k - 0.5, colorscale=scale, showscale=False,
        customdata=np.dstack([names, support.entropy.astype("U5")]), row=1, col=n,
        hovertemplate="%{x:.2f}, %{y:.2f}<br>%{customdata[0]}, entropy %{customdata[1]} nats<extra></extra>",
    )  # fmt: skip
    figure.add_heatmap(
        x=support.x, y=support.y, z=support.entropy, zmin=0, zmax=float(np.log(k)), showscale=False, hoverinfo="skip",
        colorscale=[[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0.85)"]], row=1, col=n,
    )  # fmt: skip
    for index, name in enumerate(classes):
        rows, columns = np.nonzero(support.predicted == index)
        if len(rows) > 0.01 * support.predicted.size:
            x, y = support.x[columns], support.y[rows]
            middle = np.argmin((x - np.median(x)) ** 2 + (y - np.median(y)) ** 2)
            figure.add_scatter(
                x=x[[middle]], y=y[[middle]], mode="text", text=[name], hoverinfo="skip",
                textfont={"size": 15, "color": "#ffffff", "shadow": "1px 1px 3px #000000"}, row=1, col=n,
            )  # fmt: skip


def _right_of(column: int, n: int) -> float:
    """Where the colour bar of a panel stands, in shares of the width."""
    width = (1 - 0.05 * (n - 1)) / n
    return column * width + (column - 1) * 0.05 + 0.002
