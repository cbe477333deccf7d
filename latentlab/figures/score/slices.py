"""A field on the plane through three examples drawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from latentlab.analysis.arrays import Reals
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import Field
from latentlab.figures.score.field import PlaneLayer, add_arrows, add_streamlines, plane
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme


def through_three(
    field: Field, box: Box, layer: PlaneLayer, lines: Reals, corners: Reals, names: Sequence[str],
    over: Collection[str], look: Theme,
) -> go.Figure:  # fmt: skip
    """The field in the plane, and the three examples with their names.

    Args:
        field: over the box.
        box: of the plane's own coordinates.
        layer: behind the arrows.
        lines: (S, T, 2) streamlines.
        corners: (3, 2) where the examples lie.
        names: of the three.
        over: which of "arrows" and "streamlines" are drawn.
        look: colours.
    """
    figure = plane(field, box, look, layer, height=480)
    if "streamlines" in over:
        add_streamlines(figure, lines, look)
    if "arrows" in over:
        add_arrows(figure, field, look, thin=2)
    marker = {"size": 12, "color": MARK, "line": {"color": look.surface, "width": 2}}
    text, (x, y) = [literal(name) for name in names], corners.T
    figure.add_scatter(
        x=x, y=y, mode="markers+text", showlegend=False, text=text, textposition="top center", hoverinfo="skip",
        marker=marker,
    )  # fmt: skip
    return figure
