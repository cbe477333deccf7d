"""How much an estimate of the gradient varies with how its examples are drawn, and what drawing by few weights costs.

    drawn with ω_n = w_n / Σ w, and divided by N ω_n, an example gives an estimate of g = 1/N Σ g_n without bias, and

        Tr Σ(w) = mean(w) · mean(|g_n|²/w) - |g|²               (Alain 2018, Corollary 2 with its last term)

The least is that of w_n = |g_n|, (mean |g_n|)² - |g|² (Theorem 1; Zhao & Zhang 2014); even weights give more by just
the variance of the lengths |g_n|. A step on M examples has 1/M of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles


def trace(weights: Doubles, norms: Doubles, mean_norm: float) -> float:
    """Tr Σ(w): the summed variance of all coordinates of the estimate from one drawn example.

    Args:
        weights: (N,) positive, up to a factor; 0 where the norm is 0.
        norms: (N,) |g_n| now.
        mean_norm: |g| of the mean gradient.
    """
    ratio = np.divide(norms**2, weights, out=np.zeros_like(norms), where=norms > 0)
    return float(weights.mean() * ratio.mean() - mean_norm**2)


@dataclass(frozen=True)
class Traces:
    """√Tr Σ of one example's estimate, in the units of the gradient.

    Attributes:
        ideal: with the weights |g_n| of now.
        smoothed: with the weights that were drawn by, and a constant added.
        stale: with these weights alone.
        uniform: with even weights, as plain SGD.
    """

    ideal: float
    smoothed: float
    stale: float
    uniform: float


def traces(norms: Doubles, weights: Doubles, constant: float, mean_norm: float) -> Traces:
    """The four ways of drawing, compared at one place of a training.

    Args:
        norms: (N,) |g_n| now.
        weights: (N,) norms as they were when each was last measured.
        constant: that the training adds to them, not negative.
        mean_norm: |g| of the mean gradient.
    """
    tiny = np.finfo(np.float64).tiny
    found = (
        trace(given, norms, mean_norm)
        for given in (norms, weights + constant, np.maximum(weights, tiny), np.ones_like(norms))
    )
    return Traces(*(float(np.sqrt(max(0.0, one))) for one in found))


def subset_trace(weights: Doubles, norms: Doubles, mean_norm: float, share: float) -> float:
    """E Tr Σ(w) over random subsets of n = share · N examples that alone are drawn, with mean(w) taken over them.

        mean(w) mean(|g_n|²/w) + (1 - share)/n · Cov(w, |g_n|²/w) - |g|²

    Args:
        weights: (N,) positive.
        norms: (N,).
        mean_norm: |g| of all N examples.
        share: of the examples, in (0, 1].

    Raises:
        ValueError: no example is left.
    """
    n = round(share * len(weights))
    if not 0 < n <= len(weights):
        raise ValueError("A subset has at least one example.")
    ratio = norms**2 / weights
    covariance = float(np.cov(weights, ratio)[0, 1]) if len(weights) > 1 else 0.0
    return trace(weights, norms, mean_norm) + (1 - n / len(weights)) / n * covariance
