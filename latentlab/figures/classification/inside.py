"""What happens inside a classifier: feature maps, and what hiding a patch of the image changes."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Floats
from latentlab.figures.theme import Theme, styled

MAPS = 16  # beside each other
UNITS, CELL = 64, 12  # on a line, and pixels of each


def feature_maps(values: Floats, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(d,) what a layer gives for one example -> (N, 1, H, W): a channel an image; of a layer without places one line.

    Black is the smallest number of the layer and white its largest, so that maps can be compared.
    """
    low, high = float(values.min()), float(values.max())
    levels = np.round(255 * (values - low) / max(high - low, 1e-12)).astype(np.uint8)
    if len(shape) == 3:
        return levels.reshape(shape[0], 1, *shape[1:])
    columns = min(len(levels), UNITS)
    rows = math.ceil(len(levels) / columns)
    full = np.zeros(rows * columns, np.uint8)
    full[: len(levels)] = levels
    return full.reshape(1, 1, rows, columns).repeat(CELL, 2).repeat(CELL, 3)


def occlusion_figure(change: Doubles, image: NDArray[np.uint8], of_odds: bool, look: Theme) -> go.Figure:
    """(H, W) by how much a probability, or its log-odds, changes where a pixel is hidden, over the image (C, H, W)."""
    most = max(0.02, float(np.nanmax(np.abs(change)))) if np.isfinite(change).any() else 1.0
    percent = "+.1%" if most < 0.1 else "+.0%"
    said = "+.2g" if of_odds else percent
    gray = image.mean(0)
    figure = go.Figure()
    figure.add_heatmap(
        z=gray, zmin=0, zmax=255, colorscale=[[0, look.surface], [1, look.text]], showscale=False, hoverinfo="skip"
    )
    figure.add_heatmap(
        z=change, zmin=-most, zmax=most, colorscale="RdBu", opacity=0.7,
        colorbar={"thickness": 12, "outlinewidth": 0, "tickformat": said, "tickfont": {"color": look.muted}},
        hovertemplate="row %{y}, column %{x}: %{z:" + said + "}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return styled(figure, look, 340, showlegend=False)
