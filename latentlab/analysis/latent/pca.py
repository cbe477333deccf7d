"""Directions worth looking along: principal components, ways towards classes, single dimensions; and planes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.traversal import plane

CHUNK = 4_096  # codes whose products are taken together
WIDE = 2_048  # dimensions: from here on a covariance is too large, and components are found by random projection


@dataclass(frozen=True)
class Axes:
    """A linear map of codes onto two directions, and back: what is drawn along them can be decoded.

    Attributes:
        directions: (2, D).
        origin: (D,) the code that is drawn at 0.
        center: (D,) of the codes.
    """

    directions: Floats
    origin: Floats
    center: Floats

    def project(self, z: ArrayLike) -> Floats:
        """(N, D) -> (N, 2)."""
        scores: Floats = ((np.asarray(z, np.float64) - self.origin) @ self.directions.T).astype(np.float32)
        return scores

    def code(self, place: ArrayLike) -> Floats:
        """(2,) -> (D,): of all codes that are drawn at a place the one nearest to the center."""
        directions = torch.from_numpy(self.directions).double()
        s = torch.tensor(np.asarray(place, np.float64)) + directions @ torch.from_numpy(self.origin).double()
        codes = plane(torch.from_numpy(self.center).double(), directions)(s[None])
        return codes[0].float().numpy()


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


def class_directions(x: ArrayLike, y: ArrayLike, n_classes: int) -> Floats:
    """The way towards each class: (n_classes, D) unit vectors from the mean of all others to the mean of the class.

    Attribute vectors as in White, Sampling generative networks (2016), §3.2. A class without examples, or the only
    one, has a zero vector.

    Args:
        x: (N, D) codes.
        y: (N,) class indices.
        n_classes: how many there are.
    """
    data, labels = np.asarray(x, np.float64), np.asarray(y)
    out = np.zeros((n_classes, data.shape[1]))
    for k in range(n_classes):
        own = labels == k
        if own.any() and not own.all():
            way = data[own].mean(0) - data[~own].mean(0)
            out[k] = way / (np.linalg.norm(way) or 1.0)
    return out.astype(np.float32)


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
