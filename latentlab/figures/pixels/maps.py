"""Maps over the pixels of an image: what each costs, and what one depends on."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Floats
from latentlab.figures.theme import MARK, Theme, styled

HEIGHT = 360


def cost_map(bits: Floats, look: Theme, most: float | None = None) -> go.Figure:
    """(H, W) bits of each pixel; `most` ends the colours, so that maps can be compared."""
    figure = _map(bits, look, "bits")
    figure.update_traces(colorscale="Viridis", zmin=0, zmax=most, hovertemplate=_hover("%{z:.2f} bits"))
    return figure


def dependence_map(gradient: Floats, pixel: int, look: Theme) -> go.Figure:
    """(H, W) by how much each pixel moves the log odds of one, which is framed; blank where they can't depend on it."""
    height, width = gradient.shape
    shown = np.where(np.arange(height * width).reshape(height, width) < pixel, gradient, np.nan)
    most = float(np.abs(gradient).max()) or 1.0
    figure = _map(shown, look, "log odds")
    figure.update_traces(colorscale="RdBu_r", zmin=-most, zmax=most, hovertemplate=_hover("%{z:+.3f}"))
    row, column = divmod(pixel, width)
    figure.add_shape(
        type="rect", x0=column + 0.5, x1=column + 1.5, y0=row + 0.5, y1=row + 1.5, line={"color": MARK, "width": 3}
    )
    return figure


def _map(values: Floats, look: Theme, unit: str) -> go.Figure:
    height, width = values.shape
    bar = {
        "title": {"text": unit, "font": {"size": 13, "color": look.muted}}, "thickness": 12, "outlinewidth": 0,
        "tickfont": {"color": look.muted},
    }  # fmt: skip
    figure = go.Figure(
        go.Heatmap(z=values, x=np.arange(1, width + 1), y=np.arange(1, height + 1), colorbar=bar, hoverongaps=False)
    )
    figure.update_xaxes(showgrid=False, showticklabels=False, constrain="domain", zeroline=False)
    figure.update_yaxes(
        showgrid=False, showticklabels=False, autorange="reversed", scaleanchor="x", constrain="domain", zeroline=False
    )
    return styled(figure, look, HEIGHT)


def _hover(number: str) -> str:
    return f"row %{{y}}, column %{{x}}: {number}<extra></extra>"
