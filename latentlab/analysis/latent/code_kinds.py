"""What the dimensions of a code are where its prior has parts of several kinds: a category, uniform numbers, others.

A place is in standard deviations from the middle of the codes, z = (c - center) / scale, as everything about a code is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Floats
from latentlab.models import CodeKind

REACH = 2.0  # of a uniform code on [-1, 1]: twice as far as it goes, as in the InfoGAN paper


@dataclass(frozen=True, eq=False)
class Category:
    """Dimensions of which one is 1 and the others are 0.

    Attributes:
        axes: the K dimensions.
        places: (K, K), in row k where they are for the k-th category.
    """

    axes: tuple[int, ...]
    places: Floats

    def nearest(self, z: tuple[float, ...]) -> int:
        """The category that a place is nearest to."""
        here = np.array([z[axis] for axis in self.axes])
        return int(np.square(self.places - here).sum(1).argmin())

    def at(self, z: tuple[float, ...], chosen: int) -> tuple[float, ...]:
        """The place with another category, and the rest as it is."""
        found = list(z)
        for axis, value in zip(self.axes, self.places[chosen].tolist(), strict=True):
            found[axis] = value
        return tuple(found)


@dataclass(frozen=True, eq=False)
class CodeKinds:
    """The dimensions that are not drawn from a normal distribution.

    Attributes:
        categories: in their order.
        ends: of each uniform dimension, the places of -2 and 2.
    """

    categories: tuple[Category, ...] = ()
    ends: tuple[tuple[int, tuple[float, float]], ...] = ()

    @property
    def are_several(self) -> bool:
        """Whether there are such dimensions."""
        return bool(self.categories or self.ends)

    @property
    def farthest(self) -> float:
        """How far from 0 these dimensions can be moved; 0 without one."""
        places = [float(np.abs(category.places).max()) for category in self.categories]
        return max((*places, *(abs(end) for _, ends in self.ends for end in ends)), default=0.0)

    def middle(self, n: int) -> tuple[float, ...]:
        """The middle of n dimensions, in the first category."""
        z: tuple[float, ...] = (0.0,) * n
        for category in self.categories:
            z = category.at(z, 0)
        return z

    def ordered(self, order: tuple[int, ...]) -> tuple[int, ...]:
        """Dimensions in their order, those of categories first and uniform ones next."""
        first = [axis for category in self.categories for axis in category.axes] + [axis for axis, _ in self.ends]
        return (*first, *(axis for axis in order if axis not in first))


def code_kinds(parts: Iterable[tuple[CodeKind, int]], center: Floats, scale: Floats) -> CodeKinds:
    """The kinds of the dimensions of a code.

    Args:
        parts: of its prior, and how many dimensions each has.
        center, scale: (D,) of the codes: the origin and the unit of a place.
    """
    categories, ends, start = list[Category](), list[tuple[int, tuple[float, float]]](), 0
    for kind, dim in parts:
        at = slice(start, start + dim)
        if kind is CodeKind.CATEGORY:
            places = (np.eye(dim) - center[at]) / scale[at]
            categories.append(Category(tuple(range(at.start, at.stop)), places.astype(np.float32)))
        elif kind is CodeKind.UNIFORM:
            for axis in range(at.start, at.stop):
                low, high = ((end - float(center[axis])) / float(scale[axis]) for end in (-REACH, REACH))
                ends.append((axis, (low, high)))
        start = at.stop
    return CodeKinds(tuple(categories), tuple(ends))
