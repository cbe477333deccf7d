"""Paths through a latent space drawn: rows of images, and the predicted classes along each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.paths import Path
from latentlab.data import to_bytes
from latentlab.figures.examples.appearance import Appearance, add_numbers
from latentlab.figures.sheets import Bytes, captioned, enlarge, pictures, stitch
from latentlab.figures.text import literal
from latentlab.figures.theme import Theme, styled

SPACE = 8  # pixels between two paths in a film


def film_strips(paths: Sequence[Path], look: Theme, drawn: Appearance) -> go.Figure:
    """A row of examples for each path, from its start to its end, with its name and length next to it."""
    n = len(paths[0].examples)
    examples = np.stack([path.examples for path in paths])
    figure = go.Figure()
    figure.add_layout_image(
        source=drawn.cells(examples, look, gap=2), xref="x", yref="y", sizing="stretch", layer="below",
        x=-0.5, y=-0.5, sizex=n, sizey=len(paths),
    )  # fmt: skip
    figure.add_scatter(x=[None], y=[None], hoverinfo="skip")  # an image alone has no axes
    add_numbers(figure, examples, np.arange(n), np.arange(len(paths)), drawn)
    figure.update_xaxes(range=[-0.5, n - 0.5], showgrid=False, showticklabels=False)
    figure.update_yaxes(
        range=[len(paths) - 0.5, -0.5], showgrid=False, tickvals=np.arange(len(paths)),
        ticktext=[f"{path.kind}<br>length {path.length:.1f}" for path in paths],
    )  # fmt: skip
    return styled(figure, look, drawn.row * len(paths) + 16, showlegend=False, dragmode=False)


def class_probabilities(
    path: Path, probs: Floats, classes: Sequence[str], look: Theme, least: float = 0.15
) -> go.Figure:
    """The predicted probability of each class along a path, over the share of its length.

    Args:
        path: the path.
        probs: (n, K) its probabilities.
        classes: their names.
        look: colours.
        least: a class is drawn if it is at least so probable somewhere.
    """
    figure, share = go.Figure(), path.lengths / (path.length or 1.0)
    for k in map(int, np.flatnonzero(probs.max(0) >= least)):
        colour = look.colour(k)
        figure.add_scatter(
            x=share, y=probs[:, k], mode="lines", line={"color": colour, "width": 2.5},
            name=literal(classes[k]), hovertemplate=f"{literal(classes[k])}: %{{y:.2f}}<extra></extra>",
        )  # fmt: skip
        peak = int(probs[:, k].argmax())
        figure.add_annotation(
            x=share[peak], y=probs[peak, k], text=f"<b>{literal(classes[k])}</b>", showarrow=False, yshift=12,
            font={"color": colour, "size": 14},
        )  # fmt: skip
    figure.update_xaxes(title_text="share of the path's length", range=[-0.02, 1.02])
    figure.update_yaxes(title_text="probability", range=[0, 1.14], tickvals=[0, 0.5, 1])
    return styled(figure, look, 220, showlegend=False)


def film(paths: Sequence[Path], scale: int) -> list[Bytes]:
    """The frames of all paths side by side under their names, there and back again: for an animation."""
    images = enlarge(pictures(to_bytes(np.stack([path.examples for path in paths])), 2), scale)  # (paths, n, C, H, W)
    sheets = (stitch(images[:, [i]].transpose(1, 0, 2, 3, 4), gap=SPACE) for i in range(images.shape[1]))
    there = [captioned(sheet, [path.kind for path in paths]) for sheet in sheets]
    return there + there[-2:0:-1]
