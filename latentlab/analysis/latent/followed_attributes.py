"""Which measured attribute of an example each dimension of its code follows: the largest correlation over examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Doubles, Labels

LEAST = 0.5  # of the size of a correlation that is worth a word
TINY = 1e-9  # of a product of two deviations: rounding of what doesn't vary
FEWEST = 30  # examples: of so many independent ones a correlation of 0.5 comes about by chance once in 200 times


class Followed(NamedTuple):
    """An attribute's name, and Pearson's correlation with it."""

    name: str
    r: float


def followed(codes: ArrayLike, attributes: Mapping[str, Doubles]) -> list[Followed | None]:
    """For each dimension the attribute that it correlates most with; None where no correlation is above `LEAST`.

    Args:
        codes: (N, D).
        attributes: name -> (N,) a number for each example, NaN where it has none.
    """
    z = np.asarray(codes, np.float64)
    best: list[Followed | None] = [None] * z.shape[1]
    for name, values in attributes.items():
        known = np.isfinite(values)
        if known.sum() < FEWEST or not values[known].std() > 0:
            continue
        value, code = values[known] - values[known].mean(), z[known] - z[known].mean(0)
        scale = np.sqrt((value @ value) * np.square(code).sum(0))
        r = np.divide(value @ code, scale, out=np.zeros(len(best)), where=scale > 0)
        for axis, one in enumerate(r.tolist()):
            if abs(one) > max(LEAST, abs(before.r) if (before := best[axis]) else 0):
                best[axis] = Followed(name, one)
    return best


def correlations_within(codes: ArrayLike, values: Doubles, groups: Labels) -> Doubles:
    """(D,): Pearson's correlation of each dimension with an attribute, both without what their group explains.

    Where examples of different shapes are measured, this is what a dimension changes in examples of one shape.

    Args:
        codes: (N, D).
        values: (N,) the attribute, NaN where an example has none.
        groups: (N,) indices.

    Returns:
        Zeros where a dimension, or the attribute, doesn't vary within groups.
    """
    known = np.isfinite(values)
    both = np.column_stack([np.asarray(codes, np.float64)[known], values[known]])
    at = np.unique(groups[known], return_inverse=True)[1]
    sums = np.zeros((int(at.max(initial=0)) + 1, both.shape[1]))
    np.add.at(sums, at, both)
    both -= (sums / np.maximum(1, np.bincount(at, minlength=len(sums)))[:, None])[at]
    z, value = both[:, :-1], both[:, -1]
    scale = np.sqrt(np.square(z).sum(0) * (value @ value))
    return np.asarray(np.divide(value @ z, scale, out=np.zeros(z.shape[1]), where=scale > TINY))
