"""Principal components of codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.axes import CHUNK, Axes, scores

WIDE = 2_048  # dimensions: from here on a covariance is too large, and components are found by random projection


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
        return scores(x, self.mean, self.components)

    def axes(self, which: tuple[int, int]) -> Axes:
        """Two of the components as the axes of a map."""
        return Axes(self.components[list(which)], self.mean, self.mean)


def pca(x: ArrayLike, k: int) -> PCA:
    """The first k principal components of (N, D) data, exactly, from the covariance's eigenvectors.

    Raises:
        ValueError: fewer than two examples, or not 1 <= k <= D.
    """
    data = np.asarray(x)
    n, d = data.shape
    if n < 2 or not 1 <= k <= d:
        raise ValueError(f"{k} components need at least two examples of at least {k} dimensions, not {n} of {d}.")
    mean = data.mean(0, dtype=np.float64)
    covariance = np.zeros((d, d))
    for start in range(0, n, CHUNK):  # centered, so single precision is enough for the products of a chunk
        part = (data[start : start + CHUNK] - mean).astype(np.float32)
        covariance += part.T @ part
    values, vectors = np.linalg.eigh(covariance / (n - 1))
    values, components = values[::-1].clip(min=0), vectors.T[::-1]
    signs = np.sign(components[np.arange(d), np.abs(components).argmax(1)])
    total = values.sum() or 1.0
    kept = (components * signs[:, None])[:k]
    return PCA(*(a.astype(np.float32) for a in (mean, kept, values[:k], values[:k] / total)))


def principal(codes: Floats, k: int, seed: int) -> PCA:
    """`pca`; of wide codes by random projection (Halko, Martinsson & Tropp 2011), to a share of about 1e-3."""
    if codes.shape[1] < WIDE:
        return pca(codes, k)
    from sklearn.decomposition import PCA as Randomized  # noqa: N811 it is the same thing

    found = Randomized(k, svd_solver="randomized", random_state=seed).fit(codes)
    axes = found.components_
    axes = axes * np.sign(axes[np.arange(k), np.abs(axes).argmax(1)])[:, None]
    parts = (found.mean_, axes, found.explained_variance_, found.explained_variance_ratio_)
    return PCA(*(part.astype(np.float32) for part in parts))
