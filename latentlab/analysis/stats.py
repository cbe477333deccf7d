"""Statistics that several analyses report: a number and its null, a proportion and its interval, total variation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959963984540054  # of a normal distribution 95 % lies within so many standard deviations


@dataclass(frozen=True)
class Measured:
    """A number, and what it is where there is nothing to find, such as with shuffled labels."""

    value: float
    null: float  # mean over the draws of the null
    null_std: float  # standard deviation between them

    @classmethod
    def against(cls, value: float, null: ArrayLike) -> Measured:
        """A number beside the same number of (S,) draws of the null, S at least 2."""
        draws = np.asarray(null, np.float64)
        return cls(float(value), float(draws.mean()), float(draws.std(ddof=1)))


@dataclass(frozen=True)
class Proportion:
    """A proportion and its 95 % interval."""

    value: float
    low: float
    high: float


def proportion(right: ArrayLike, groups: ArrayLike | None = None) -> Proportion:
    """The proportion of what is right, with Wilson's interval (1927).

    Examples of a group resemble each other, so they contain less information than independent ones: the interval is
    that of N / deff examples. The design effect deff (Kish 1965) is the variance between the groups' means in units of
    what independent examples would have, at least 1.

    Args:
        right: (N,) booleans, N at least 1.
        groups: (N,) the group of each; each for itself if None.

    Raises:
        ValueError: there are no examples.
    """
    found = np.asarray(right, np.float64)
    if not found.size:
        raise ValueError("There are no examples.")
    p, n = float(found.mean()), found.size
    deff = 1.0
    if groups is not None and 0 < p < 1:
        group = np.unique(np.asarray(groups), return_inverse=True)[1]
        n_groups = int(group.max()) + 1
        if n_groups > 1:
            surplus = np.bincount(group, found - p)  # of right ones in each group
            deff = max(1.0, n_groups / (n_groups - 1) * float(np.square(surplus).sum()) / (n * p * (1 - p)))
    return wilson(p, n / deff)


def wilson(p: float, n: float) -> Proportion:
    """Wilson's 95 % interval of a proportion p of n independent examples; n need not be whole."""
    middle = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n**2))
    return Proportion(p, max(0.0, middle - half), min(1.0, middle + half))


def standard_error(values: ArrayLike) -> float:
    """The standard error of the mean of (N,) independent numbers; NaN of fewer than two."""
    found = np.asarray(values, np.float64)
    return float(found.std(ddof=1) / math.sqrt(len(found))) if len(found) > 1 else math.nan


def total_variation(p: NDArray[np.floating], q: NDArray[np.floating]) -> float:
    """½ Σ|p - q| of two distributions, what lies in no cell counted as one more: 0 alike, 1 disjoint."""
    rest = abs(p.sum() - q.sum())
    return float(0.5 * (np.abs(p - q).sum() + rest))


def entropy(p: NDArray[np.floating]) -> float:
    """-Σ p ln p in nats, of all entries of p together; log K where K are even."""
    positive = p[p > 0]
    return abs(float(-(positive * np.log(positive)).sum()))
