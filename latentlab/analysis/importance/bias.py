"""How far off an estimate of the gradient is on average: of stale gradients, as in ASGD, and of stale weights.

    ASGD     a worker sends g_n(θ_(t-τ)), n drawn evenly:     E ĝ - g = mean_n g_n(θ_(t-τ)) - g(θ_t)
    ISSGD    the master takes g_n(θ_t), n drawn by ω_n ∝ w_n, whatever w_n are:
                                                              E ĝ - g = Σ_n ω_n g_n(θ_t) / (N ω_n) - g(θ_t) = 0

(Alain 2018, ch. 7: the stale weights of ISSGD make its gradient vary more and never bias it.) Both by enumeration.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.importance.weights import probabilities


class Biases(NamedTuple):
    """|E ĝ - g| / |g| of both."""

    stale_gradients: float
    stale_weights: float


def biases(now: Doubles, then: Doubles) -> Biases:
    """Of gradients (N, d) of all examples at the parameters of now, and at earlier ones.

    Raises:
        ValueError: an earlier gradient is 0, so that its example is never drawn.
    """
    norms, mean = np.linalg.norm(then, axis=1), now.mean(0)
    if not norms.all():
        raise ValueError("An example with a gradient of 0 is never drawn by its length.")
    omega = probabilities(norms)
    drawn = (omega[:, None] * (now / (len(now) * omega[:, None]))).sum(0)
    length = float(np.linalg.norm(mean))
    return Biases(*(float(np.linalg.norm(one - mean)) / length for one in (then.mean(0), drawn)))
