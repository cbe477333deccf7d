"""How far samples are from the truth: cells of the plane, maximum mean discrepancy, Wasserstein in 1-D."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.stats import Measured

N_SHUFFLES = 20
FINER = 4  # places along each side of a cell whose mean density is the cell's


@dataclass(frozen=True)
class Cells:
    """A box of the plane in equal cells; row 0 has the lowest y.

    Attributes:
        x: (n + 1,) edges, ascending.
        y: (m + 1,) edges, ascending.
    """

    x: Doubles
    y: Doubles

    def masses(self, log_prob: Callable[[Tensor], Tensor]) -> Doubles:
        """(m, n) the probability of each cell under a normalised density, by FINER² places a cell."""
        xs, ys = (_fine(edges) for edges in (self.x, self.y))
        grid = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
        density = log_prob(torch.from_numpy(grid)).double().exp().cpu().numpy()
        m, n = len(self.y) - 1, len(self.x) - 1
        area = (self.x[1] - self.x[0]) * (self.y[1] - self.y[0])
        masses: Doubles = density.reshape(m, FINER, n, FINER).mean((1, 3)) * area
        return masses

    def shares(self, samples: NDArray[np.floating]) -> Doubles:
        """(m, n) the share of samples (N, 2) in each cell; those outside of the box are in none."""
        counts, _, _ = np.histogram2d(samples[:, 1], samples[:, 0], [self.y, self.x])
        shares: Doubles = counts / len(samples)
        return shares


def cells(low: tuple[float, float], high: tuple[float, float], n: int) -> Cells:
    """A box of the plane in n x n cells."""
    return Cells(np.linspace(low[0], high[0], n + 1), np.linspace(low[1], high[1], n + 1))


def mmd(x: NDArray[np.floating], y: NDArray[np.floating], seed: int = 0) -> Measured:
    """The unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012, eq. 3), with its null.

    The kernel is Gaussian, as wide as the median distance between pooled samples; the null permutes which sample
    belongs to which set.

    Args:
        x: (N, d).
        y: (M, d); it takes (N + M)² distances.
        seed: of the shuffles.
    """
    pooled = np.concatenate([x, y]).astype(np.float64)
    centred = pooled - pooled.mean(0)
    norms = np.square(centred).sum(1)
    squares = np.maximum(norms[:, None] + norms - 2 * centred @ centred.T, 0)
    width = np.median(squares[np.triu_indices(len(pooled), 1)]) or 1.0
    kernel = np.exp(-squares / width)
    np.fill_diagonal(kernel, 0)
    rng = np.random.default_rng(seed)
    n = len(x)

    def estimate(order: NDArray[np.int64]) -> float:
        side = np.zeros(len(pooled))
        side[order[:n]] = 1
        within, across = kernel @ side, kernel @ (1 - side)
        m = len(pooled) - n
        alike = side @ within / (n * (n - 1)) + (1 - side) @ across / (m * (m - 1))
        return float(alike - 2 * side @ across / (n * m))

    null = [estimate(rng.permutation(len(pooled))) for _ in range(N_SHUFFLES)]
    return Measured.against(estimate(np.arange(len(pooled))), null)


def wasserstein(x: NDArray[np.floating], y: NDArray[np.floating]) -> Doubles:
    """(N, d), (M, d) -> (d,): the mean distance that mass must be moved, one coordinate at a time, in units of x."""
    from scipy.stats import wasserstein_distance

    return np.array([wasserstein_distance(x[:, k], y[:, k]) for k in range(x.shape[1])])


def _fine(edges: Doubles) -> Doubles:
    """The middles of FINER parts of each cell."""
    n = (len(edges) - 1) * FINER
    middles: Doubles = edges[0] + (edges[-1] - edges[0]) * (np.arange(n) + 0.5) / n
    return middles
