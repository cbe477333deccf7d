"""The posterior of one example over class and code: the inferred posterior, and the model's own posterior.

Draws z_ky ~ q(z|x, y) of every class y carry two weights: under the inferred q(y, z|x) each has q(y|x) / n, under the
model's own posterior p(y, z|x) its importance weight w_ky = p(x, y, z_ky) / q(z_ky|x, y), normalised (self-normalised
importance sampling; Owen, Monte Carlo theory, methods and examples, 2013, ch. 9). Where the two agree, q is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.arrays import Floats


@dataclass(frozen=True)
class Posterior:
    """Weighted draws of one example's class and code.

    Attributes:
        z: (n, K, d) codes, n of each class.
        inferred: (n, K) their weights under q(y, z|x), which sum to 1.
        own: (n, K) their weights under p(y, z|x), which sum to 1.
        n_effective: how many equal weights the second ones are worth, 1 / Σ own².
    """

    z: Floats
    inferred: Floats
    own: Floats
    n_effective: float

    @property
    def classes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(K,), (K,): q(y|x) and p(y|x)."""
        return self.inferred.sum(0, np.float64), self.own.sum(0, np.float64)


def posterior(z: ArrayLike, log_w: ArrayLike, log_q_y: ArrayLike) -> Posterior:
    """Normalise the weights of draws.

    Args:
        z: (n, K, d) codes drawn for every class, or (n, 1, d) where the same are drawn for all.
        log_w: (n, K) log weights in nats, log p(x, y, z, …) - log q(z, …|x, y).
        log_q_y: (n, K) or (1, K) log-probabilities of the classes.

    Raises:
        ValueError: the shapes don't fit, or no weight is finite.
    """
    weights, log_probs = np.asarray(log_w, np.float64), np.asarray(log_q_y, np.float64)
    codes = np.asarray(z, np.float32)
    if weights.ndim != 2 or codes.ndim != 3 or codes.shape[0] != len(weights):
        raise ValueError("Each draw of each class needs a code and a weight.")
    if not np.isfinite(weights.max(initial=-np.inf)):
        raise ValueError("No draw has a weight, so there is no posterior.")
    own = np.exp(weights - weights.max())
    own /= own.sum()
    inferred = np.broadcast_to(np.exp(log_probs), weights.shape) / len(weights)
    shape = (*weights.shape, codes.shape[2])
    return Posterior(
        np.broadcast_to(codes, shape), inferred.astype(np.float32), own.astype(np.float32), float(1 / (own**2).sum())
    )
