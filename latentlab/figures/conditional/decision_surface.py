"""Learning from few labels, drawn: the decision surface, and the classes in a latent space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.conditional.decision_surface import Decision
from latentlab.analysis.conditional.separability import Separability
from latentlab.data import UNLABELLED
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled, symbol

ROW = 0.6  # of the height of a class, in which the codes of a line are distributed


def decision_surface(
    found: Decision, x: Floats, y: Labels, labelled: Floats, labels: Labels, classes: Sequence[str], look: Theme
) -> go.Figure:
    """The most probable class of every point, faint where it is uncertain, with examples and the labelled ones.

    Args:
        found: the classifier on a grid.
        x, y: (N, 2) examples and their (N,) classes.
        labelled, labels: (L, 2) the labelled examples, and (L,) their classes.
        classes: their names.
        look: colours.
    """
    figure = go.Figure()
    for k in range(len(classes)):
        colour = look.colour(k)
        figure.add_heatmap(
            x=found.x, y=found.y, z=found.probs[..., k], zmin=0, zmax=1, showscale=False, zsmooth="best",
            colorscale=[[0, "rgba(0,0,0,0)"], [0.5, "rgba(0,0,0,0)"], [1, _faint(colour)]], hoverinfo="skip",
        )  # fmt: skip
    _points(figure, x, y, classes, look, 5, 0.7)
    for k in np.unique(labels):
        figure.add_scatter(
            x=labelled[labels == k, 0], y=labelled[labels == k, 1], mode="markers", showlegend=False,
            hovertemplate=f"labelled: {literal(classes[k])}<extra></extra>",
            marker={"symbol": symbol(k), "size": 16, "color": look.colour(k),
                    "line": {"color": look.text, "width": 2.5}},
        )  # fmt: skip
    figure.update_xaxes(title_text="x1", showgrid=False, constrain="domain")
    figure.update_yaxes(title_text="x2", showgrid=False, constrain="domain", scaleanchor="x")
    return styled(figure, look, 420)


def mark(figure: go.Figure, place: Floats, look: Theme) -> None:
    """Ring one place (2,) of a decision surface."""
    figure.add_scatter(
        x=place[:1], y=place[1:], mode="markers", showlegend=False, hovertemplate="the example below<extra></extra>",
        marker={"symbol": "circle-open", "size": 22, "color": look.text, "line": {"width": 3}},
    )  # fmt: skip


def components(found: Separability, y: Labels, classes: Sequence[str], look: Theme) -> go.Figure:
    """The classes in the first two principal components of an auxiliary variable."""
    figure = go.Figure()
    _points(figure, found.places, y, classes, look, 5, 0.8)
    for update, k in ((figure.update_xaxes, 0), (figure.update_yaxes, 1)):
        update(title_text=f"PC{k + 1} of a ({found.pca.share[k]:.0%})")
    return styled(figure, look, 420)


def latent_space(
    codes: Floats, y: Labels, classes: Sequence[str], names: tuple[str, str], look: Theme, height: int = 420
) -> go.Figure:
    """Examples in a latent space, by class. Its limits move in steps, so that a figure that is updated doesn't jump.

    Args:
        codes: (N, 2), or (N, 1): then each class has a row of its own.
        y: (N,) classes, or UNLABELLED.
        classes: their names.
        names: of the axes; the second isn't used for a line.
        look: colours.
        height: in pixels.
    """
    figure, is_line = go.Figure(), codes.shape[1] == 1
    if is_line:  # distributed by the golden ratio: evenly, and each example always alike
        rows = y + ROW * ((np.arange(len(y)) * 0.618034) % 1 - 0.5)
        codes = np.column_stack([codes[:, 0], rows.astype(np.float32)])
    _points(figure, codes, y, classes, look, 6, 0.8)
    figure.update_xaxes(title_text=literal(names[0]), range=_steady(codes[:, 0]))
    if is_line:
        present = np.unique(y)
        figure.update_yaxes(title_text="class", tickvals=present, ticktext=[_name(k, classes) for k in present])
    else:
        figure.update_yaxes(title_text=literal(names[1]), range=_steady(codes[:, 1]))
    return styled(figure, look, height)


def _steady(values: Floats) -> list[float]:
    """Limits about values, with room for their marks: whole steps of 1, 2 or 5 times a power of ten, four to twelve."""
    low, high = float(values.min()), float(values.max())
    extent = max(high - low, 1e-6)
    low, high = low - 0.03 * extent, high + 0.03 * extent
    power = 10.0 ** np.floor(np.log10(extent / 4))
    step = power * max(k for k in (1, 2, 5) if k * power <= extent / 4)
    return [step * float(np.floor(low / step)), step * float(np.ceil(high / step))]


def _name(k: int, classes: Sequence[str]) -> str:
    return literal(classes[k]) if k != UNLABELLED else "no label"


def _points(
    figure: go.Figure, x: Floats, y: Labels, classes: Sequence[str], look: Theme, size: float, opacity: float
) -> None:
    for k in np.unique(y):
        figure.add_scatter(  # no WebGL: a few hundred points that are drawn anew each second
            x=x[y == k, 0], y=x[y == k, 1], mode="markers", name=_name(k, classes), hoverinfo="name",
            marker={"symbol": symbol(k), "size": size, "opacity": opacity,
                    "color": look.colour(k)},
        )  # fmt: skip


def _faint(colour: str) -> str:
    return f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.45)"
