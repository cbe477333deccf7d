"""Codes in the plane of two principal components, by class."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from latentlab.analysis.arrays import Labels
from latentlab.analysis.generated.overlap import Overlap
from latentlab.figures.score.field import add_points
from latentlab.figures.theme import Theme, styled


def projection(
    found: Overlap, y: Labels, classes: Sequence[str], axes: tuple[int, int], look: Theme, height: int = 480
) -> go.Figure:
    """The codes along two of their components.

    Args:
        found: of N codes.
        y: (N,) their classes.
        classes: the names.
        axes: which components.
        look: colours.
        height: in pixels.
    """
    figure = go.Figure()
    add_points(figure, found.codes[:, list(axes)], y, classes, look)
    for update, axis in zip((figure.update_xaxes, figure.update_yaxes), axes, strict=True):
        update(title_text=f"component {axis + 1}: {found.components.share[axis]:.0%} of the variance")
    return styled(figure, look, height)
