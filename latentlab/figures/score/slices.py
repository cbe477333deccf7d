"""A field on the plane through three examples drawn."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from latentlab.analysis.arrays import Reals
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import Field
from latentlab.figures.score.field import PlaneLayer, add_arrows, add_streamlines, plane
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme


def through_three(
    field: Field, box: Box, layer: PlaneLayer, lines: Reals | None, corners: Reals, names: Sequence[str],
    arrows: bool, look: Theme,
) -> go.Figure:  # fmt: skip
    """The field in the plane, and the three examples with their names.

    Args:
        field: over the box.
        box: of the plane's own coordinates.
        layer: behind the arrows.
        lines: (S, T, 2) streamlines, if they are drawn.
        corners: (3, 2) where the examples lie.
        names: of the three.
        arrows: whether they are drawn.
        look: colours.
    """
    figure = plane(field, box, look, layer, height=480)
    if lines is not None:
        add_streamlines(figure, lines, look)
    if arrows:
        add_arrows(figure, field, look, thin=2)
    marker = {"size": 12, "color": MARK, "line": {"color": look.surface, "width": 2}}
    text, (x, y) = [literal(name) for name in names], corners.T
    figure.add_scatter(
        x=x, y=y, mode="markers+text", showlegend=False, text=text, textposition="top center", hoverinfo="skip",
        marker=marker,
    )  # fmt: skip
    return figure
