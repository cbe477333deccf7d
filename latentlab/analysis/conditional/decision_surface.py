"""What a classifier makes of a plane, and how well classes part in a few components of a code.

p(y|x) on a grid of the plane; the decision is its largest
the share of examples on their class's side of the best linear boundary between principal components
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.pca import PCA, pca

Classify = Callable[[Tensor], Tensor]  # (B, d) -> (B, K) log-probabilities

CHUNK = 4_096


@dataclass(frozen=True)
class Decision:
    """A classifier on a grid of the plane.

    Attributes:
        x, y: (n,) ascending coordinates of the grid's columns and rows.
        probs: (n, n, K) p(class | place); the first axis goes along y.
    """

    x: Floats
    y: Floats
    probs: Floats

    @property
    def classes(self) -> NDArray[np.int64]:
        """(n, n): the most probable class of each place."""
        found: NDArray[np.int64] = self.probs.argmax(-1)
        return found


@dataclass(frozen=True)
class Parting:
    """Classes in the first principal components of a code.

    Attributes:
        pca: the components.
        places: (N, k) of the codes.
        accuracy: share of one half that a linear classifier of the places, fitted to the other half, gets right.
    """

    pca: PCA
    places: Floats
    accuracy: float


def decision(classify: Classify, low: ArrayLike, high: ArrayLike, n: int = 120) -> Decision:
    """Classify an n × n grid of the plane between two corners.

    Args:
        classify: (B, 2) -> (B, K) log-probabilities.
        low: (2,) the lower left corner.
        high: (2,) the upper right corner.
        n: places along each side.

    Raises:
        ValueError: fewer than two places a side, or a corner that isn't below the other.
    """
    first, last = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if n < 2 or first.shape != (2,) or last.shape != (2,) or not (first < last).all():
        raise ValueError("A grid needs two corners of the plane, one below the other, and at least two places a side.")
    x, y = (np.linspace(a, b, n, dtype=np.float32) for a, b in zip(first, last, strict=True))
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2))
    with torch.no_grad():
        probs = torch.cat([classify(part).exp().cpu() for part in grid.split(CHUNK)])
    return Decision(x, y, probs.reshape(n, n, -1).numpy().astype(np.float32))


def parting(codes: ArrayLike, y: ArrayLike, k: int = 2, seed: int = 0) -> Parting:
    """How well the classes part linearly in the first k principal components of a code.

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
        raise ValueError("Classes can part only if there are two or more, each with several examples.")
    components = pca(z, k)
    places = components.project(z)
    scale = places.std(0).clip(min=1e-12)
    probe = LogisticRegression(C=1e4, max_iter=2_000).fit(places[one] / scale, labels[one])
    return Parting(components, places, float(probe.score(places[other] / scale, labels[other])))
