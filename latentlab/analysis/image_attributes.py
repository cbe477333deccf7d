"""What can be measured of an image besides its class: numbers measured from its pixels, and groups of them.

All of one channel, or of the mean over channels; intensities I in [0, 1] count as ink, pixels are at their centres,
x to the right and y down, in pixels. With M = Σ I and means and covariances weighted by I:

    position    horizontal x̄ = Σ I x / M: how far right the ink lies; vertical h − 1 − ȳ, how far above the lowest row
    slant       −cov_xy / cov_yy: how far a stroke leans to the right for each pixel that it rises
    width       √(12 v + 1) with v = cov_xx + 2 s cov_xy + s² cov_yy, the variance across after undoing the slant s;
                that of an upright bar of w pixels is its width
    thickness   4 Σ I d / Σ I − 2 over the pixels with I ≥ 1/2, d the distance to the nearest one below; a long bar of
                an even number of pixels w has thickness w, one of an odd number w + 1/w
    loop        whether a hole lies in the ink: pixels with I < 1/2 that hang together by their sides, at least one in
                400 of the image's, and don't reach the border

The second moments are those of Deslant (LeCun et al. 1998) and Morpho-MNIST (Castro et al. 2019, §2.2).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.data import UNLABELLED

Images = NDArray[np.float32]  # (N, C, H, W) in [0, 1]

INK = 0.5  # an intensity that counts as ink
HOLE = 1 / 400  # of an image's pixels: the smallest hole
BLOCK = 1_000  # images whose holes are found at once
LEVELS = 3  # groups of a measured number, as large as each other


class Moments(NamedTuple):
    """Where the ink of N images lies, in pixels; (N,) each, NaN where an image is empty."""

    mean_x: Doubles  # from the left
    mean_y: Doubles  # from the top
    var_x: Doubles
    var_y: Doubles
    cov_xy: Doubles

    @property
    def slant(self) -> Doubles:
        """How far the strokes lean to the right for each pixel that they rise; NaN of a single row."""
        return -self.cov_xy / np.where(self.var_y > 0, self.var_y, np.nan)


def moments(ink: Doubles) -> Moments:
    """(N, h, w) intensities -> means, variances and the covariance of their places, weighted by intensity."""
    _, height, width = ink.shape
    total = ink.sum((1, 2))
    mass = np.where(total > 0, total, np.nan)
    x, y = np.arange(width), np.arange(height)[:, None]
    mean_x, mean_y = (ink * x).sum((1, 2)) / mass, (ink * y).sum((1, 2)) / mass
    dx, dy = x - mean_x[:, None, None], y - mean_y[:, None, None]
    xx, yy, xy = ((ink * product).sum((1, 2)) / mass for product in (dx * dx, dy * dy, dx * dy))
    return Moments(mean_x, mean_y, xx, yy, xy)


def measured(x: Images, name: str) -> Doubles:
    """(N,) one number an image; NaN where an image is empty.

    Raises:
        ValueError: an unknown attribute, or no images.
    """
    if name not in MEASURES:
        raise ValueError(f"There is no attribute called {name!r}; known are {', '.join(MEASURES)}.")
    if x.ndim != 4:
        raise ValueError(f"Attributes are measured from images; these data have shape {x.shape[1:]}.")
    return MEASURES[name](x.mean(1, dtype=np.float64))


def grouped(values: Doubles, levels: int = LEVELS, unit: str = "") -> tuple[Labels, tuple[str, ...]]:
    """Doubles as classes of about the same size, and what the classes are called.

    Args:
        values: (N,), whose quantiles are the borders; NaN becomes `UNLABELLED`.
        levels: how many classes; fewer where many numbers are the same. Zeros and ones are no and yes.
        unit: of the numbers, for the names of the classes.
    """
    known = values[np.isfinite(values)]
    if len(known) and set(np.unique(known)) <= {0.0, 1.0}:
        return np.where(np.isfinite(values), values, UNLABELLED).astype(np.int64), ("no", "yes")
    borders = np.unique(np.quantile(known, np.arange(1, levels) / levels)) if len(known) else np.empty(0)
    labels = np.where(np.isfinite(values), np.searchsorted(borders, values, side="right"), UNLABELLED)
    edges = [f"{border:.3g}" if abs(border) < 1_000 else f"{border:.0f}" for border in borders]
    if not edges:
        return labels.astype(np.int64), ("all",)
    of = f" {unit}" if unit else ""
    middle = [f"{low} to {high}{of}" for low, high in itertools.pairwise(edges)]
    return labels.astype(np.int64), (f"below {edges[0]}{of}", *middle, f"{edges[-1]}{of} or more")


def thirds(x: Images) -> dict[str, Labels]:
    """By name, which of the images (N, C, H, W) are in the lowest, middle and highest third of slant, thickness, width.

    An attribute whose values have no three groups is left out.
    """
    found: dict[str, Labels] = {}
    for attribute, names in THIRDS.items():
        labels, groups = grouped(measured(x, attribute), len(names))
        if len(groups) == len(names):
            found |= {name: np.flatnonzero(labels == level) for level, name in enumerate(names)}
    return found


def parity(y: Labels) -> Labels:
    """(N,) 0 for even classes and 1 for odd ones; `UNLABELLED` stays."""
    return np.where(y == UNLABELLED, UNLABELLED, y % 2)


def corrupted(x: Images, level: Labels, sigmas: tuple[float, ...], seed: int = 0) -> Images:
    """Images with Gaussian noise of standard deviation `sigmas[level]` added to each, cut off at [0, 1]."""
    rng = np.random.default_rng(seed)
    noise_std = np.asarray(sigmas)[level].reshape(-1, *[1] * (x.ndim - 1))
    return np.clip(x + noise_std * rng.normal(size=x.shape), 0, 1).astype(np.float32)


def _width(ink: Doubles) -> Doubles:
    found = moments(ink)
    lean = np.nan_to_num(found.slant)
    across = np.maximum(found.var_x + 2 * lean * found.cov_xy + lean * lean * found.var_y, 0)
    return np.asarray(np.sqrt(12 * across + 1))


def _thickness(ink: Doubles) -> Doubles:
    from scipy.ndimage import distance_transform_edt

    inside = ink >= INK
    found = np.full(len(ink), np.nan)
    for k, mask in enumerate(inside):
        if mask.any():
            depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask]
            found[k] = 4 * np.average(depth, weights=ink[k][mask]) - 2
    return found


def _loop(ink: Doubles) -> Doubles:
    smallest = max(1, round(HOLE * ink[0].size))
    parts = [_encloses(ink[at : at + BLOCK] >= INK, smallest) for at in range(0, len(ink), BLOCK)]
    return np.where(ink.sum((1, 2)) > 0, np.concatenate(parts), np.nan)


def _encloses(inside: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    """(N,) which of the shapes (N, H, W) have a hole of so many pixels at least."""
    from scipy.ndimage import label

    away = np.pad(~inside, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    within = np.zeros((3, 3, 3), bool)  # neighbours: the four of the same image
    within[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    parts, n = label(away, within)
    is_hole = np.bincount(parts.ravel(), minlength=n + 1) >= smallest
    is_hole[0] = is_hole[parts[:, 0, 0]] = False  # ink, and what surrounds it
    return np.asarray(is_hole[parts].any((1, 2)))


MEASURES: dict[str, Callable[[Doubles], Doubles]] = {
    "has a loop": _loop,
    "stroke thickness": _thickness,
    "slant": lambda ink: moments(ink).slant,
    "width": _width,
    "horizontal position": lambda ink: moments(ink).mean_x,
    "vertical position": lambda ink: ink.shape[1] - 1 - moments(ink).mean_y,
}
PIXELS = ("stroke thickness", "width", "horizontal position", "vertical position")
UNITS = dict.fromkeys(PIXELS, "px")  # slant is pixels by pixels
THIRDS = {  # what the lowest, the middle and the highest third are called
    "slant": ("slanted left", "upright", "slanted right"),
    "stroke thickness": ("thin", "of medium thickness", "thick"),
    "width": ("narrow", "of medium width", "wide"),
}
