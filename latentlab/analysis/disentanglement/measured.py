"""Factors of images whose making isn't known: what can be measured of them, in groups of equal size, and the class.

These are not what made the images, and they depend on each other, so a score of a code against them has no upper end
that is known; which dimension says most of which of them can be read all the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentlab.analysis.arrays import Labels
from latentlab.analysis.image_attributes import MEASURES, Images, grouped, measured
from latentlab.data import UNLABELLED

CLASS = "class"
GROUPS = 5  # of a measured number


class Levels(NamedTuple):
    """The factors of some examples.

    Attributes:
        rows: (M,) which examples have a level of every factor.
        levels: (M, F) from 0.
        names: of the factors.
    """

    rows: Labels
    levels: Labels
    names: tuple[str, ...]


def measured_levels(x: Images | None, y: Labels) -> Levels:
    """What can be said of examples: the class, and of images of one channel what is measured of them.

    Args:
        x: (N, 1, H, W) in [0, 1]; None for other data.
        y: (N,) classes, or `UNLABELLED`.
    """
    found = {CLASS: y}
    if x is not None:
        found |= {name: grouped(measured(x, name), GROUPS)[0] for name in MEASURES}
    found = {name: level for name, level in found.items() if len(np.unique(level[level != UNLABELLED])) > 1}
    if not found:
        return Levels(np.arange(0), np.empty((0, 0), np.int64), ())
    levels = np.stack(list(found.values()), 1)
    rows = np.flatnonzero((levels != UNLABELLED).all(1))
    kept = [np.unique(column, return_inverse=True)[1] for column in levels[rows].T]
    varied = [k for k, column in enumerate(kept) if len(column) and column.max() > 0]
    names = tuple(name for k, name in enumerate(found) if k in varied)
    if not varied:
        return Levels(np.arange(0), np.empty((0, 0), np.int64), ())
    return Levels(rows, np.stack([kept[k] for k in varied], 1).astype(np.int64), names)
