"""Maps of many points drawn by plotly: in three dimensions, where the canvas of the page has two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.figures.theme import Theme, styled

SYMBOLS = ("circle", "square", "diamond", "cross")  # in three dimensions plotly has no triangle


def map_3d(
    xyz: NDArray[np.floating], labels: NDArray[np.integer], classes: Sequence[str], names: Sequence[str], look: Theme
) -> go.Figure:
    """(N, 3) points with the colour and the shape of their class; drag to turn.

    Args:
        xyz: places.
        labels: (N,) class indices; points of no class are left out of the legend's classes and drawn gray.
        classes: their names.
        names: of the three axes.
        look: colours.
    """
    figure = go.Figure()
    for k in [*range(len(classes)), -1]:
        own = labels == k
        if not own.any():
            continue
        x, y, z = np.ascontiguousarray(xyz[own].T, np.float32)
        colour = look.classes[k % len(look.classes)] if k >= 0 else look.muted
        marker = {"size": 3.2, "color": colour, "symbol": SYMBOLS[k % len(SYMBOLS)], "opacity": 0.85}
        name = classes[k] if k >= 0 else "no class"
        figure.add_scatter3d(x=x, y=y, z=z, mode="markers", name=name, marker=marker, hoverinfo="name")
    axis = {"gridcolor": look.grid, "backgroundcolor": "rgba(0,0,0,0)", "color": look.muted, "showspikes": False}
    scene = {f"{side}axis": {**axis, "title": {"text": name}} for side, name in zip("xyz", names, strict=True)}
    return styled(figure, look, 620, scene={**scene, "aspectmode": "data"}, legend={"itemsizing": "constant"})
