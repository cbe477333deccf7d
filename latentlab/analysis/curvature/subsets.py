"""How many examples the Hessian needs: the eigenpairs of a subset's mean loss against those of all examples'.

The source takes 5 % of the training set, and says that eigenvalues and angles are "close enough" (Alain 2018, §11.D).
Single eigenvectors turn freely where eigenvalues are close; the angles between the spaces that they span do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import subspace_angles

from latentlab.analysis.curvature.eigenpairs import Eigenpairs, extreme
from latentlab.analysis.curvature.objective import Objective

ENDS = ("LA", "SA")


@dataclass(frozen=True)
class Difference:
    """How far the eigenpairs of a subset are from those of all examples.

    Attributes:
        largest_error: the largest relative error of an eigenvalue.
        extreme_error: the relative error of the extreme one.
        cosine: |v · v'| of the extreme eigenvectors.
        angle: the largest principal angle between the spaces of all the eigenvectors, in degrees.
        smallest_angle: the smallest one.
    """

    largest_error: float
    extreme_error: float
    cosine: float
    angle: float
    smallest_angle: float


@dataclass(frozen=True)
class Subset:
    """Eigenpairs of the mean loss of some examples against those of the most.

    Attributes:
        n: examples.
        end: LA or SA.
        value: the extreme eigenvalue, the largest or the smallest.
        apart: from those of the most examples; 0 where they are the most.
    """

    n: int
    end: str
    value: float
    apart: Difference


def of_subsets(objective: Callable[[int], Objective], sizes: Sequence[int], k: int) -> Iterator[Subset]:
    """Compare the Hessians of ever fewer examples with that of the most; yields each end of each number of examples.

    Args:
        objective: a number n -> the mean loss of the first n examples, where the network stands.
        sizes: numbers of examples.
        k: eigenpairs of either end; the angles are between the spaces of all k.

    Raises:
        NotFiniteError: the loss or a derivative isn't finite.
        ValueError: no eigenvalue converges.
    """
    full: dict[str, Eigenpairs] = {}
    for n in sorted(set(sizes), reverse=True):
        own = objective(n)
        for end in ENDS:
            found = extreme(own.product, own.size, k, largest=end == "LA")
            apart = difference(found, full.setdefault(end, found), largest=end == "LA")
            yield Subset(n, end, float(found.values[0 if end == "LA" else -1]), apart)


def difference(subset: Eigenpairs, full: Eigenpairs, *, largest: bool) -> Difference:
    """How far the eigenpairs of a subset are from those of all examples.

    Args:
        subset: LA(k) or SA(k) of some of the examples.
        full: the same of all.
        largest: whether they are the largest ones, LA, so that the extreme one is the first.
    """
    n = min(len(subset.values), len(full.values))
    pick = slice(0, n) if largest else slice(-n, None)
    values, expected = subset.values[pick], full.values[pick]
    errors = np.abs(values - expected) / np.abs(expected)
    angles = np.degrees(subspace_angles(subset.vectors[:, pick], full.vectors[:, pick]))
    end = 0 if largest else -1
    cosine = min(1.0, abs(float(subset.vectors[:, end] @ full.vectors[:, end])))
    return Difference(float(errors.max()), float(errors[end]), cosine, float(angles.max()), float(angles.min()))
