"""Drift over weeks: how far the codes of each are from normal ones, and how far each sensor is from the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.monitoring.drift import Drift
from latentlab.figures.monitoring.stream import ALARM
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

TOP, ROW = 130, 30  # pixels of the distances, and of a sensor
WIDEST = 3.0  # bands: beyond it the colour doesn't change
CLEAR = "rgba(0,0,0,0)"


def drift_figure(found: Drift, names: Sequence[str], step: str, look: Theme) -> go.Figure:
    """Distances of W blocks with the band of normal ones, and below how far each of D sensors stands out.

    Args:
        found: of the blocks.
        names: of the sensors.
        step: what a block is: "week".
        look: colours.
    """
    blocks = [f"{k + 1}" for k in range(len(found.distance))]
    heights = [TOP, ROW * len(names)]
    figure = make_subplots(
        2, 1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.14,
        subplot_titles=["distance of the codes; shaded: normal", "sensors, in standard deviations"],
    )  # fmt: skip
    colour = [ALARM if value > found.band else look.text for value in found.distance]
    figure.add_scatter(
        x=blocks, y=found.distance, mode="lines+markers", line={"color": look.muted, "width": 1.5},
        marker={"color": colour, "size": 9, "symbol": ["x" if one == ALARM else "circle" for one in colour]},
        hovertemplate=f"{step} %{{x}}: %{{y:.2f}}<extra></extra>", showlegend=False, row=1, col=1,
    )  # fmt: skip
    figure.add_hrect(0, found.band, fillcolor=look.muted, opacity=0.15, line={"width": 0}, layer="below", row=1, col=1)
    beyond = np.abs(found.sensors) / max(found.sensor_band, 1e-9)
    words = [[f"{value:+.1f}" if abs(value) < 99.5 else f"{value:+.0f}" for value in row] for row in found.sensors.T]
    figure.add_heatmap(
        x=blocks, y=[literal(name) for name in names], z=np.minimum(beyond, WIDEST).T, zmin=0, zmax=WIDEST,
        colorscale=[[0, CLEAR], [1 / WIDEST, CLEAR], [1 / WIDEST, _faint(0.2)], [1, _faint(0.55)]],
        showscale=False, text=words, texttemplate="%{text}", xgap=1, ygap=1, textfont={"color": look.text, "size": 11},
        hovertemplate=f"{step} %{{x}}: %{{y}} %{{text}}<extra></extra>", row=2, col=1,
    )  # fmt: skip
    figure.update_annotations(font={"size": 12, "color": look.muted}, x=0, xanchor="left")
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_xaxes(title_text=step, row=2, col=1)
    figure.update_yaxes(range=[0, 1.15 * max(found.band, float(found.distance.max()))], nticks=4, row=1, col=1)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, row=2, col=1)
    return styled(figure, look, sum(heights) + 110, margin={"l": 8, "r": 8, "t": 30, "b": 8})


def _faint(opacity: float) -> str:
    red, green, blue = (int(ALARM[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
