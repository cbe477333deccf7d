"""Learning from few labels, drawn: what a classifier makes of the plane, and the classes in an auxiliary variable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.analysis.decision import Decision, Parting
from latentlab.figures.theme import Theme, styled

Floats = NDArray[np.float32]
Classes = NDArray[np.int64]

SYMBOLS = ("circle", "diamond", "square", "cross", "triangle-up", "x")


def decision_surface(
    found: Decision, x: Floats, y: Classes, labelled: Floats, labels: Classes, classes: Sequence[str], look: Theme
) -> go.Figure:
    """The most probable class of every place, faint where it is unsure, with examples and the few that had a label.

    Args:
        found: the classifier on a grid.
        x, y: (N, 2) examples and their (N,) classes.
        labelled, labels: (L, 2) the examples whose label was known, and (L,) their classes.
        classes: their names.
        look: colours.
    """
    figure = go.Figure()
    for k in range(len(classes)):
        colour = look.classes[k % len(look.classes)]
        figure.add_heatmap(
            x=found.x, y=found.y, z=found.probs[..., k], zmin=0, zmax=1, showscale=False, hoverinfo="skip",
            colorscale=[[0, "rgba(0,0,0,0)"], [0.5, "rgba(0,0,0,0)"], [1, _faint(colour)]],
        )  # fmt: skip
    _points(figure, x, y, classes, look, 5, 0.7)
    for k in np.unique(labels):
        figure.add_scatter(
            x=labelled[labels == k, 0], y=labelled[labels == k, 1], mode="markers", showlegend=False,
            hovertemplate=f"its label was known: {classes[k]}<extra></extra>",
            marker={"symbol": SYMBOLS[k % len(SYMBOLS)], "size": 16, "color": look.classes[k % len(look.classes)],
                    "line": {"color": look.text, "width": 2.5}},
        )  # fmt: skip
    figure.update_xaxes(title_text="x1", showgrid=False)
    figure.update_yaxes(title_text="x2", showgrid=False, scaleanchor="x")
    return styled(figure, look, 420)


def mark(figure: go.Figure, place: Floats, look: Theme) -> None:
    """Ring one place (2,) of a decision surface."""
    figure.add_scatter(
        x=place[:1], y=place[1:], mode="markers", showlegend=False, hovertemplate="the example below<extra></extra>",
        marker={"symbol": "circle-open", "size": 22, "color": look.text, "line": {"width": 3}},
    )  # fmt: skip


def components(found: Parting, y: Classes, classes: Sequence[str], look: Theme) -> go.Figure:
    """The classes in the first two principal components of an auxiliary variable."""
    figure = go.Figure()
    _points(figure, found.places, y, classes, look, 5, 0.8)
    for update, k in ((figure.update_xaxes, 0), (figure.update_yaxes, 1)):
        update(title_text=f"PC{k + 1} of a ({found.pca.share[k]:.0%})")
    return styled(figure, look, 420)


def _points(
    figure: go.Figure, x: Floats, y: Classes, classes: Sequence[str], look: Theme, size: float, opacity: float
) -> None:
    for k in np.unique(y):
        figure.add_scattergl(
            x=x[y == k, 0], y=x[y == k, 1], mode="markers", name=classes[k], hoverinfo="name",
            marker={"symbol": SYMBOLS[k % len(SYMBOLS)], "size": size, "opacity": opacity,
                    "color": look.classes[k % len(look.classes)]},
        )  # fmt: skip


def _faint(colour: str) -> str:
    return f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.45)"
