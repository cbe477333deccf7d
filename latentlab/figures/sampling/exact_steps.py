"""One step of a denoising chain on a ring: what the corruption leaves open, by noise in the plane and of the angle."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Doubles
from latentlab.figures.theme import Theme, styled

HEIGHT = 380


def step_in_plane(
    side: Doubles, density: Doubles, x: Doubles, noisy: Doubles, drawn: Doubles, look: Theme
) -> go.Figure:
    """The posterior as a shade, from where the step starts, where the noise leads, and draws of where it may end.

    Args:
        side: (n,) coordinates of the grid, of both axes.
        density: (n, n) p(x|x̃), by row from the lowest second coordinate.
        x: (2,) the start.
        noisy: (2,) x̃.
        drawn: (m, 2) of p(x|x̃).
        look: the colours.
    """
    figure = go.Figure()
    figure.add_heatmap(
        x=side.astype(np.float32), y=side.astype(np.float32), z=density.astype(np.float32), showscale=False,
        colorscale=[[0, look.surface], [1, look.muted]], hoverinfo="skip",
    )  # fmt: skip
    turn, radius = np.linspace(0, 2 * np.pi, 181), float(np.linalg.norm(x))
    figure.add_scatter(
        x=radius * np.cos(turn), y=radius * np.sin(turn), mode="lines", line={"color": look.muted, "width": 1},
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=drawn[:, 0], y=drawn[:, 1], mode="markers", name="next x", hoverinfo="skip",
        marker={"color": look.accent, "size": 5, "symbol": "diamond"},
    )  # fmt: skip
    return _places(figure, x, noisy, "x̃", float(np.abs(side).max()), look)


def step_of_angle(
    angles: Doubles, density: Doubles, x: Doubles, noisy: float, drawn: Doubles, reach: float, look: Theme
) -> go.Figure:
    """The same with the angle corrupted: the posterior as the size of points on the circle, and the noisy angle.

    Args:
        angles: (n,) around the circle.
        density: (n,) p(φ|H).
        x: (2,) the start.
        noisy: H.
        drawn: (m, 2) next places.
        reach: of both axes.
        look: the colours.
    """
    radius = float(np.linalg.norm(x))
    figure = go.Figure()
    figure.add_scatter(
        x=radius * np.cos(angles), y=radius * np.sin(angles), mode="markers", name="P(φ|H)", hoverinfo="skip",
        marker={"color": look.muted, "size": 2 + 16 * density / density.max(), "opacity": 0.5},
    )  # fmt: skip
    figure.add_scatter(
        x=drawn[:, 0], y=drawn[:, 1], mode="markers", name="next x", hoverinfo="skip",
        marker={"color": look.accent, "size": 5, "symbol": "diamond"},
    )  # fmt: skip
    at = 0.55 * radius * np.array([np.cos(noisy), np.sin(noisy)])
    figure.add_scatter(
        x=[0, at[0]], y=[0, at[1]], mode="lines", line={"color": look.text, "dash": "dot"}, showlegend=False,
        hoverinfo="skip",
    )  # fmt: skip
    return _places(figure, x, at, "H", reach, look)


def _places(figure: go.Figure, x: Doubles, noisy: Doubles, name: str, reach: float, look: Theme) -> go.Figure:
    """Mark where a step starts and what the corruption makes of it, on square axes."""
    for label, place, symbol in (("x", x, "circle"), (name, noisy, "x")):
        figure.add_scatter(
            x=[place[0]], y=[place[1]], mode="markers", name=label, hoverinfo="skip",
            marker={"color": look.text, "size": 11, "symbol": symbol, "line": {"color": look.surface, "width": 1}},
        )  # fmt: skip
    figure.update_xaxes(range=[-reach, reach], showgrid=False)
    figure.update_yaxes(range=[-reach, reach], showgrid=False, scaleanchor="x", scaleratio=1)
    return styled(figure, look, HEIGHT)
