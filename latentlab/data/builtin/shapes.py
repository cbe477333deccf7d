"""Images whose making is known: one shape on black, by five factors that don't depend on each other.

After the 2-D shapes of Higgins et al., beta-VAE (2017), and Matthey et al., dSprites (2017), made by this program: a
square, an ellipse or a heart, in 6 sizes, 12 angles over half a turn, and 10 × 10 places. All 21,600 combinations are
the data, each once, so the factors are independent and one can be changed alone. A pixel is the share of its area that
the shape covers; places are whole pixels apart, so that a shape is the same wherever it stands.

Half a turn is all there is to an ellipse; a square is the same again after a quarter, so from squares alone an angle
can't be distinguished from that plus 90°.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data.builtin.factor_images import FactorImages
from latentlab.data.dataset import FactorValues

SIDES = {"shapes": 32, "shapes-64": 64}  # pixels
CLASSES = ("square", "ellipse", "heart")
LEVELS = (len(CLASSES), 6, 12, 10, 10)
FACTORS = ("shape", "size", "angle", "x", "y")
VALUES: tuple[FactorValues, ...] = (CLASSES, *[tuple(float(k + 1) for k in range(n)) for n in LEVELS[1:]])
N_HELD_OUT = 2_000  # for validation, and as many for the test
FINE = 8  # places in each direction of a pixel at which it is tried whether the shape covers them
RADII = (0.09, 0.21)  # of the smallest and the largest shape, in widths of the image
MARGIN = 7 / 32  # the outermost centres, in widths of the image

Inside = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]


def _square(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.maximum(np.abs(u), np.abs(v)) < np.sqrt(0.5))  # its corners are on the unit circle


def _ellipse(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(u, 2 * v) < 1)


def _heart(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    a, b = 1.26 * u, 0.25 - 1.26 * v  # its farthest points are on the unit circle; rows count downwards
    return np.asarray((a**2 + b**2 - 1) ** 3 < a**2 * b**3)


INSIDE: tuple[Inside, ...] = (_square, _ellipse, _heart)


@dataclass(frozen=True, eq=False)
class Sprites:
    """Every shape in every size and angle, in the middle of a patch.

    Attributes:
        side: of an image, in pixels.
        patches: (3, 6, 12, P, P) uint8, P even.
    """

    side: int
    patches: NDArray[np.uint8]

    @classmethod
    def of_side(cls, side: int) -> Sprites:
        """Draw them for images of so many pixels."""
        half = int(np.ceil(side * RADII[1])) + 1
        fine = (np.arange(2 * half * FINE) + 0.5) / FINE - half  # pixels from the middle
        y, x = np.meshgrid(fine, fine, indexing="ij")
        patches = np.zeros((*LEVELS[:3], 2 * half, 2 * half), np.uint8)
        for shape, size, angle in itertools.product(*map(range, LEVELS[:3])):
            turn = np.pi * angle / LEVELS[2]
            radius = side * (RADII[0] + (RADII[1] - RADII[0]) * size / (LEVELS[1] - 1))
            u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
            covered = INSIDE[shape](u / radius, v / radius)
            share = covered.reshape(2 * half, FINE, 2 * half, FINE).mean((1, 3))
            patches[shape, size, angle] = np.rint(255 * share)
        return cls(side, patches)

    def render(self, levels: NDArray[np.integer]) -> torch.Tensor:
        """(N, 5) levels of `FACTORS` -> (N, 1, side, side) uint8."""
        chosen = self.patches[levels[:, 0], levels[:, 1], levels[:, 2]]
        n, size = len(chosen), chosen.shape[-1]
        step = self.side * (1 - 2 * MARGIN) / (LEVELS[3] - 1)
        first = np.rint(self.side * MARGIN + step * levels[:, 3:]).astype(int) - size // 2  # (N, 2): left, top
        pad = size // 2
        images = np.zeros((n, self.side + 2 * pad, self.side + 2 * pad), np.uint8)
        rows, columns = (first[:, k, None] + pad + np.arange(size) for k in (1, 0))
        images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]] = chosen
        inside = slice(pad, pad + self.side)
        return torch.from_numpy(images[:, None, inside, inside].copy())


def _images(side: int) -> FactorImages:
    return FactorImages(side, FACTORS, VALUES, N_HELD_OUT, lambda levels: Sprites.of_side(side).render(levels))


SHAPES = {name: _images(side) for name, side in SIDES.items()}  # 17,600 / 2,000 / 2,000 images
