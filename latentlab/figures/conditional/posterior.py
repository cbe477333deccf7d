"""The posterior of one example over class and code, drawn: the inferred posterior and the model's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.analysis.conditional.posterior import Posterior
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled, symbol

AREA = 5.0  # square pixels of a draw of average weight
LARGEST = 20.0  # pixels across


def posterior_panels(
    found: Posterior, axes: tuple[int, int], others: NDArray[np.float32], classes: Sequence[str], look: Theme
) -> dict[str, go.Figure]:
    """By title, draws of z along two dimensions under both weights: a mark's area is its weight, its colour its class.

    Args:
        found: the draws and their two weights.
        axes: the two dimensions.
        others: (N, z_dim) codes of other examples, drawn faintly.
        classes: their names.
        look: colours.
    """
    across, up = axes
    prior = np.full((2, others.shape[1]), [[-2], [2]])
    places = np.concatenate([found.z.reshape(-1, others.shape[1]), others, prior])
    low, high = places.min(0) - 0.2, places.max(0) + 0.2  # the same on both
    legend = {"orientation": "h", "itemsizing": "constant", "y": 1.02, "yanchor": "bottom", "x": 0}
    panels = {}
    weights = {"inferred: q(y, z|x)": found.inferred, "own: p(y, z|x)": found.own}
    for title, weight in weights.items():
        panels[title] = figure = go.Figure()
        figure.add_scattergl(
            x=others[:, across], y=others[:, up], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"size": 3, "color": look.muted, "opacity": 0.35},
        )  # fmt: skip
        size = np.sqrt(AREA * weight * weight.size).clip(max=LARGEST)
        for k, name in enumerate(classes):
            visible = size[:, k] > 0.5  # less than half a pixel can't be seen
            figure.add_scattergl(
                x=found.z[visible, k, across], y=found.z[visible, k, up], mode="markers", name=literal(name),
                hoverinfo="name",
                marker={"symbol": symbol(k), "size": size[visible, k], "opacity": 0.6,
                        "color": look.colour(k), "line": {"width": 0}},
            )  # fmt: skip
        figure.add_shape(type="circle", x0=-2, x1=2, y0=-2, y1=2, line={"color": look.muted, "width": 1, "dash": "dot"})
        figure.update_xaxes(title_text=f"z{across + 1}", range=[low[across], high[across]])
        figure.update_yaxes(title_text=f"z{up + 1}", range=[low[up], high[up]])
        styled(figure, look, 340, legend=legend)
    return panels
