"""Linear separability of classes: the accuracy of a linear classifier in the first principal components of a code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.pca import PCA, pca


@dataclass(frozen=True)
class Separability:
    """Classes in the first principal components of a code.

    Attributes:
        pca: the components.
        places: (N, k) of the codes.
        accuracy: share of one half that a linear classifier of the places, fitted to the other half, gets right.
    """

    pca: PCA
    places: Floats
    accuracy: float


def linear_separability(codes: ArrayLike, y: ArrayLike, k: int = 2, seed: int = 0) -> Separability:
    """How well a linear classifier separates the classes in the first k principal components of a code.

    Args:
        codes: (N, D).
        y: (N,) class indices, of at least two classes.
        k: components.
        seed: halves the examples.

    Raises:
        ValueError: fewer than two classes, a class that one half lacks, or as `pca`.
    """
    from sklearn.linear_model import LogisticRegression  # imported here: a second of start-up

    z, labels = np.asarray(codes, np.float32), np.asarray(y)
    order = np.random.default_rng(seed).permutation(len(z))
    one, other = order[: len(z) // 2], order[len(z) // 2 :]
    if len(np.unique(labels)) < 2 or set(labels[one]) != set(labels[other]):
        raise ValueError("Separability takes two or more classes, each with several examples.")
    components = pca(z, k)
    places = components.project(z)
    scale = places.std(0).clip(min=1e-12)
    probe = LogisticRegression(C=1e4, max_iter=2_000).fit(places[one] / scale, labels[one])
    return Separability(components, places, float(probe.score(places[other] / scale, labels[other])))
