"""A plane of a latent space: what it decodes to, on the colour of the class that a classifier predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.latent.traversal import ManifoldGrid
from latentlab.figures.examples.images import Images
from latentlab.figures.latent.traversal import manifold
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, symbol

FAINT, STRONG = 0.12, 0.6  # share of a class's colour behind an image that the classifier is not, or is, sure of
FRAME = 1  # pixels around a coloured image


def predicted_plane(
    grid: ManifoldGrid, predicted: Labels, probability: Floats, classes: Sequence[str], names: tuple[str, str],
    look: Theme, height: int = 640,
) -> go.Figure:  # fmt: skip
    """The images of a lattice with the predicted class behind each: the surer, the stronger its colour.

    Args:
        grid: n x n images.
        predicted: (n, n) classes.
        probability: (n, n) of each.
        classes: their names.
        names: of the two dimensions.
        look: colours.
        height: of the figure, in pixels.
    """
    tiles = tinted(grid.examples, predicted, probability, look)
    shape = tiles.shape[2:]
    figure = manifold(replace(grid, examples=tiles), (0.0, 0.0), names, look, Images(shape), height)
    figure.update_traces(showlegend=False)
    n = len(grid.x)
    for k in np.unique(predicted):
        rows, columns = np.nonzero(predicted == k)
        name = literal(classes[int(k)])
        at = {"x": columns.astype(np.float32), "y": (n - 1 - rows).astype(np.float32)}
        figure.add_scatter(
            **at, mode="markers", marker={"opacity": 0, "size": 24}, showlegend=False, text=probability[rows, columns],
            hovertemplate=f"{name}, %{{text:.0%}} sure<extra></extra>",
        )  # fmt: skip
        marker = {"color": look.colour(int(k)), "symbol": symbol(int(k)), "size": 11}
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=f"{name}: {len(rows)}")
    figure.update_layout(showlegend=True, hovermode="closest")
    return figure


def tinted(examples: Floats, predicted: Labels, probability: Floats, look: Theme) -> Floats:
    """(n, n, C, H, W) images -> (n, n, 3, H, W): strokes on the class's colour, or coloured images framed in it."""
    colours, surface, text = np.array([_rgb(c) for c in look.classes]), _rgb(look.surface), _rgb(look.text)
    share = (FAINT + (STRONG - FAINT) * probability)[..., None]
    behind = share * colours[predicted % len(colours)] + (1 - share) * surface
    behind = behind[..., None, None]
    if examples.shape[2] == 1:
        ink = examples.clip(0, 1)
        drawn: Floats = ((1 - ink) * behind + ink * text[:, None, None]).astype(np.float32)
        return drawn
    framed = np.broadcast_to(behind, examples.shape).astype(np.float32)
    inside = slice(FRAME, -FRAME)
    framed[..., inside, inside] = examples[..., inside, inside]
    return framed


def _rgb(colour: str) -> Floats:
    """(3,) of "#rrggbb", in [0, 1]."""
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
