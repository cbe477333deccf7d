"""Seeing many dimensions in a few: principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PCA:
    """Principal components (Hotelling 1933): orthonormal directions of largest variance, largest first.

    Attributes:
        mean: (D,) of the data.
        components: (k, D) rows of length 1; the entry of largest size in each is positive, so that signs are fixed.
        variance: (k,) of the data along each.
        share: (k,) of the total variance.
    """

    mean: Floats
    components: Floats
    variance: Floats
    share: Floats

    def project(self, x: ArrayLike) -> Floats:
        """(N, D) -> (N, k)."""
        scores: Floats = ((np.asarray(x, np.float64) - self.mean) @ self.components.T).astype(np.float32)
        return scores


def pca(x: ArrayLike, k: int) -> PCA:
    """The first k principal components of (N, D) data, exactly, from the covariance's eigenvectors.

    Raises:
        ValueError: fewer than two examples, or not 1 <= k <= D.
    """
    data = np.asarray(x, np.float64)
    n, d = data.shape
    if n < 2 or not 1 <= k <= d:
        raise ValueError(f"{k} components need at least two examples of at least {k} dimensions, not {n} of {d}.")
    mean = data.mean(0)
    centered = data - mean
    values, vectors = np.linalg.eigh(centered.T @ centered / (n - 1))
    values, components = values[::-1].clip(min=0), vectors.T[::-1]
    signs = np.sign(components[np.arange(d), np.abs(components).argmax(1)])
    total = values.sum() or 1.0
    kept = (components * signs[:, None])[:k]
    return PCA(*(a.astype(np.float32) for a in (mean, kept, values[:k], values[:k] / total)))
