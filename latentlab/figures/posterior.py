"""The posterior of one example over class and code, drawn: what a model infers beside what follows from its own p."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from latentlab.analysis.posterior import Posterior
from latentlab.figures.few_labels import SYMBOLS
from latentlab.figures.theme import Theme, styled

AREA = 5.0  # square pixels of a draw of average weight
LARGEST = 20.0  # pixels across


def posterior_figure(
    found: Posterior, axes: tuple[int, int], others: NDArray[np.float32], classes: Sequence[str], look: Theme
) -> go.Figure:
    """Draws of z along two dimensions, in the colour of their class, with an area that goes with their weight.

    Args:
        found: the draws and their two weights.
        axes: the two dimensions.
        others: (N, z_dim) codes of other examples, drawn faintly.
        classes: their names.
        look: colours.
    """
    across, up = axes
    figure = make_subplots(
        1, 2, shared_xaxes="all", shared_yaxes="all", horizontal_spacing=0.04,
        subplot_titles=("what it infers: q(y, z|x)", "what follows from its p: p(y, z|x)"),
    )  # fmt: skip
    for column, weights in ((1, found.inferred), (2, found.own)):
        figure.add_scattergl(
            x=others[:, across], y=others[:, up], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"size": 3, "color": look.muted, "opacity": 0.35}, row=1, col=column,
        )  # fmt: skip
        size = np.sqrt(AREA * weights * weights.size).clip(max=LARGEST)
        for k, name in enumerate(classes):
            seen = size[:, k] > 0.5  # less than half a pixel can't be seen
            figure.add_scattergl(
                x=found.z[seen, k, across], y=found.z[seen, k, up], mode="markers", name=name, legendgroup=name,
                showlegend=column == 1, hoverinfo="name", row=1, col=column,
                marker={"symbol": SYMBOLS[k % len(SYMBOLS)], "size": size[seen, k], "opacity": 0.6,
                        "color": look.classes[k % len(look.classes)], "line": {"width": 0}},
            )  # fmt: skip
        figure.add_shape(
            type="circle", x0=-2, x1=2, y0=-2, y1=2, line={"color": look.muted, "width": 1, "dash": "dot"},
            row=1, col=column,
        )  # fmt: skip
        figure.update_xaxes(title_text=f"z{across + 1}", row=1, col=column)
    figure.update_yaxes(title_text=f"z{up + 1}", row=1, col=1)
    figure.update_annotations(font={"size": 13, "color": look.muted})
    legend = {"orientation": "h", "itemsizing": "constant", "y": -0.22, "yanchor": "top", "x": 0}
    return styled(figure, look, 380, legend=legend, margin={"l": 8, "r": 8, "t": 30, "b": 8})
