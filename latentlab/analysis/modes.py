"""Modes within a class: the groups of its images that k-means finds, and whether they are there at all.

k-means finds k groups in anything. So the same is done with each of two random halves of the images, all images are
assigned by both, and the two assignments are compared by the adjusted Rand index (Hubert & Arabie, 1985): 1 where they
are the same up to the order of the groups, 0 in the mean where they have nothing to do with each other. A cloud
without groups is cut across its longest direction each time, so the same is done with points of a Gaussian of the
images' covariance: only what agrees better than these is more than that.

Images are blurred first: of strokes that lie beside each other no pixel is shared, however alike two drawings are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels

BLUR = 1 / 14  # standard deviation, in longer sides of the image
N_HALVES = 5  # pairs of random halves
LEAST = 4  # images for each group: two in each half
N_STARTS = 4  # of k-means, of which the best counts; half as many for the Gaussian
CLEAR = 0.7  # index, from which on groups are found again


@dataclass(frozen=True, eq=False)
class Modes:
    """Groups of images, the largest first.

    Attributes:
        group: (N,) of each image.
        share: (K,) of the images that are in it.
        mean: (K, C, H, W) of the images in it.
        nearest: of each group the images nearest to its centre, the nearest first.
    """

    group: Labels
    share: NDArray[np.float64]
    mean: NDArray[np.float32]
    nearest: tuple[Labels, ...]


@dataclass(frozen=True)
class Agreement:
    """How alike the groups of two random halves are, over several pairs of them."""

    k: int
    mean: float  # of the adjusted Rand index
    std: float
    null: float  # the mean for points of a Gaussian, which has no groups

    @property
    def is_clear(self) -> bool:
        """Whether the groups are found again, and better than where there are none."""
        return self.mean >= CLEAR and self.mean - 2 * self.std > self.null


def clearest(found: Sequence[Agreement]) -> Agreement | None:
    """The number of groups that are clear and farthest above the Gaussian's; None where none are clear."""
    return max((one for one in found if one.is_clear), key=lambda one: one.mean - one.null, default=None)


def modes(x: NDArray[np.float32], k: int, n_nearest: int, seed: int = 0) -> Modes:
    """The k groups of (N, C, H, W) images of one class that k-means finds; `n_nearest` of each are named.

    Raises:
        ValueError: fewer images than groups.
    """
    if len(x) < k:
        raise ValueError(f"{len(x)} images can't be {k} groups.")
    points = blurred(x)
    fitted = _fit(points, k, N_STARTS, seed)
    group, centres = _assign(points, fitted), fitted
    sizes = np.bincount(group, minlength=k)
    order = np.argsort(-sizes, kind="stable")
    distance = ((points - centres[group]) ** 2).sum(1)
    nearest = []
    for old in order:
        inside = np.flatnonzero(group == old)
        nearest.append(inside[np.argsort(distance[inside], kind="stable")][:n_nearest])
    rank = np.argsort(order)
    mean = np.stack([x[group == old].mean(0) if sizes[old] else np.zeros_like(x[0]) for old in order])
    return Modes(rank[group], sizes[order] / len(x), mean, tuple(nearest))


def agreement(x: NDArray[np.float32], ks: Sequence[int], seed: int = 0) -> tuple[Agreement, ...]:
    """For each number of groups whether halves of (N, C, H, W) images give the same ones.

    Numbers of groups for which there are fewer than `LEAST` images each are left out.
    """
    if len(x) < LEAST * min(ks):
        return ()
    points, rng, out = blurred(x), np.random.default_rng(seed), list[Agreement]()
    centred = (points - points.mean(0)) / np.sqrt(len(points) - 1)
    gaussian = (rng.standard_normal((len(points),) * 2) @ centred).astype(np.float32)
    orders = [rng.permutation(len(points)) for _ in range(N_HALVES)]
    for k in ks:
        if len(points) >= LEAST * k:
            scores = _scores(points, k, orders, N_STARTS, seed)
            nulls = _scores(gaussian, k, orders, N_STARTS // 2, seed)
            out.append(Agreement(k, float(scores.mean()), float(scores.std(ddof=1)), float(nulls.mean())))
    return tuple(out)


def _scores(
    points: NDArray[np.float32], k: int, orders: Sequence[Labels], n_starts: int, seed: int
) -> NDArray[np.float64]:
    """(N_HALVES,) adjusted Rand indices of the groups of the two halves of each order."""
    from sklearn.metrics import adjusted_rand_score

    scores = []
    for order in orders:
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        one, other = (_assign(points, _fit(points[half], k, n_starts, seed)) for half in halves)
        scores.append(adjusted_rand_score(one, other))
    return np.array(scores)


def blurred(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, C, H, W) -> (N, D): blurred, and as few pixels as show it."""
    from scipy.ndimage import gaussian_filter

    width = BLUR * max(x.shape[2:])
    smooth = gaussian_filter(x, (0, 0, width, width))
    step = max(1, int(width))
    return np.ascontiguousarray(smooth[..., step // 2 :: step, step // 2 :: step].reshape(len(x), -1))


def _fit(points: NDArray[np.float32], k: int, n_starts: int, seed: int) -> NDArray[np.float32]:
    """(K, D) centres."""
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(k, n_init=n_starts, random_state=seed).fit(points).cluster_centers_)


def _assign(points: NDArray[np.float32], centres: NDArray[np.float32]) -> Labels:
    """(N,) the nearest centre of each."""
    apart = (centres**2).sum(1) - 2 * points @ centres.T
    return np.asarray(apart.argmin(1))
