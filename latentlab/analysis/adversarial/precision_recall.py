"""How good samples are, and how much of the data they cover, as two numbers (Kynkäänniemi et al. 2019).

A set is taken to fill a ball around each of its points, as large as the distance to its k-th nearest neighbour in the
set. Precision is the share of the samples that lie in a ball of the data, recall the share of the data that lies in a
ball of the samples. Samples that are all one good image have precision 1 and recall near 0. Both depend on k, on the
numbers of points and on the space, so only numbers of equal settings can be compared.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

K = 3
ROWS = 1_000  # points at once


class PrecisionRecall(NamedTuple):
    """Two shares."""

    precision: float
    recall: float


def precision_recall(real: Tensor, samples: Tensor, k: int = K) -> PrecisionRecall:
    """Of (N, *shape) examples and (M, *shape) samples, in their own space.

    Raises:
        ValueError: a set has no k-th neighbour.
    """
    x, y = real.flatten(1).double(), samples.flatten(1).double()
    if min(len(x), len(y)) <= k:
        raise ValueError(f"A {k}-th neighbour takes more than {k} points.")
    return PrecisionRecall(_covered(x, y, k), _covered(y, x, k))


def _covered(points: Tensor, places: Tensor, k: int) -> float:
    """The share of places, (M, d), that lie in a ball of (N, d) points."""
    radii = torch.cat([torch.cdist(part, points).kthvalue(k + 1, 1).values for part in points.split(ROWS)])
    inside = [(torch.cdist(part, points) <= radii).any(1) for part in places.split(ROWS)]
    return float(torch.cat(inside).double().mean())
