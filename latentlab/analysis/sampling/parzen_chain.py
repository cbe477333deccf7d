"""The chain of a denoiser without parameters, in any dimension: P(x|x̃) by Parzen windows over noisy copies of the data.

    x̃ = x + γ e,    i with probability ∝ exp(-|x̃ - x̃_i|² / 2h²),    x = x_i + h e,        e ~ N(0, I)

where (x_i, x̃_i) are training points and their noisy copies (Bengio et al. 2014; Alain 2018, §5.5.1 and Fig. 5.3,
which has 500 points in ten dimensions and one chain of 5,000 steps, without γ and h).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.stats import total_variation

N_BINS = 20  # along a curve


def parzen_chains(
    points: Doubles, gamma: float, width: float, n_copies: int, n_chains: int, n_steps: int, seed: int
) -> Doubles:
    """(n_steps, n_chains, d) the places of chains that start at training points, which are left out.

    Args:
        points: (n, d) the training points x_i.
        gamma: γ, the corruption's standard deviation.
        width: h, of the windows.
        n_copies: noisy copies of each point.
        n_chains: at once, each from a point.
        n_steps: of each.
        seed: of all noise.
    """
    rng = np.random.default_rng(seed)
    clean = np.repeat(points, n_copies, 0)
    noisy = clean + gamma * rng.normal(size=clean.shape)
    squares = np.square(noisy).sum(1)
    x = points[rng.permutation(len(points))[:n_chains]]
    found = np.empty((n_steps, len(x), points.shape[1]))
    for t in range(n_steps):
        place = x + gamma * rng.normal(size=x.shape)
        scores = (2 * place @ noisy.T - squares) / (2 * width**2)
        scores += rng.gumbel(size=scores.shape)  # the largest is drawn with the probability of its softmax
        x = clean[scores.argmax(1)] + width * rng.normal(size=x.shape)
        found[t] = x
    return found


@dataclass(frozen=True)
class Coverage:
    """How samples lie about a curve.

    Attributes:
        distance: root of the mean squared distance from it.
        uneven: total variation between how many samples and how many data lie in each of `N_BINS` parts of it.
    """

    distance: float
    uneven: float


def coverage(samples: Doubles, curve: Doubles, data: Doubles) -> Coverage:
    """How samples lie about a curve, and where along it against data.

    Args:
        samples: (n, d).
        curve: (m, d) places along it, in their order.
        data: (k, d) of the same curve.
    """
    (squares, at), (_, expected) = (_nearest(places, curve) for places in (samples, data))
    shares = [np.bincount(N_BINS * one // len(curve), minlength=N_BINS) / len(one) for one in (at, expected)]
    return Coverage(float(np.sqrt(squares.mean())), total_variation(*shares))


def _nearest(places: Doubles, curve: Doubles) -> tuple[Doubles, np.ndarray]:
    squares = np.square(places).sum(1)[:, None] + np.square(curve).sum(1) - 2 * places @ curve.T
    at = squares.argmin(1)
    return np.maximum(squares[np.arange(len(at)), at], 0), at
