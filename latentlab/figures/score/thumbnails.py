"""Small pictures of what a field can be learned from: a density, points, examples."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.box import Box, around
from latentlab.analysis.score.field import lattice
from latentlab.data import DENSITIES, Dataset, Density, to_bytes
from latentlab.figures.score.field import shades
from latentlab.figures.sheets import pictures, sheet_png
from latentlab.figures.theme import Theme

SIDE = 56  # pixels
MOST = 500  # points


def of_data(data: Dataset, look: Theme) -> bytes:
    """A PNG of the density in the plane that some examples are of, if it is known, of their first two numbers, or
    of images.
    """
    if data.shape == (2,) and data.name in DENSITIES:
        return of_density(DENSITIES[data.name], look)
    x = data[:MOST].batch().x
    if len(data.shape) == 1 and data.shape[0] > 1:
        return of_points(x[:, :2], around(x[:, :2]), look)
    return of_examples(x)


def of_density(density: Density, look: Theme) -> bytes:
    """A PNG of a density in the plane, in the colours that a density has."""
    box = around(torch.stack(density.box), 0.0)
    p = density.log_prob(lattice(box, SIDE)).exp().reshape(SIDE, SIDE).numpy()
    return _png(np.sqrt(p / p.max()), look)


def of_points(x: Tensor, box: Box, look: Theme) -> bytes:
    """A PNG of points (N, 2) of a box; each is a small square."""
    counts, _, _ = np.histogram2d(x[:, 1].numpy(), x[:, 0].numpy(), SIDE // 2, (box.y, box.x))
    return _png(np.minimum(counts, 1.0).repeat(2, 0).repeat(2, 1), look)


def of_examples(x: Tensor) -> bytes:
    """A PNG of the first four examples (N, *shape)."""
    images = pictures(to_bytes(x[:4]))
    return sheet_png(images, 2, scale=max(1, SIDE // (2 * images.shape[-1])))


def _png(share: Doubles, look: Theme) -> bytes:
    """(n, n) of [0, 1], from the lowest row, in the colours of a density."""
    stops, colours = zip(*((at, hex_to_rgb(colour)) for at, colour in shades(look)), strict=True)
    channels = [np.interp(share[::-1], stops, channel) for channel in zip(*colours, strict=True)]
    image: NDArray[np.uint8] = np.stack(channels).round().astype(np.uint8)
    return sheet_png(image[None], 1)
