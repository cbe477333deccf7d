"""The least typical examples: the farthest from their nearest neighbours (Ramaswamy, Rastogi & Shim 2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats, Labels, as_codes
from latentlab.analysis.neighbours import neighbours


@dataclass(frozen=True)
class Outliers:
    """Examples by how far they are from the others.

    Attributes:
        distance: (N,) the mean distance to the k nearest others, in the metric.
        order: (N,) the examples, the farthest first.
        k: neighbours.
    """

    distance: Floats
    order: Labels
    k: int


def outliers(z: ArrayLike, k: int = 15, metric: str = "euclidean") -> Outliers:
    """How far each of (N, D) codes is from its k nearest others, fewer where there are fewer. Takes N² time.

    Raises:
        ValueError: one code, an unknown metric, or codes that are no numbers.
    """
    codes = as_codes(z)
    k = min(k, len(codes) - 1)
    found: Floats = neighbours(codes, codes, k, metric, own=np.arange(len(codes))).distance.mean(1)
    return Outliers(found, (-found).argsort(kind="stable"), k)
