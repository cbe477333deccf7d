"""What a game is worth, the best discriminator of two densities, and how far those are apart.

    V = E_p[log D] + E_q[log(1 - D)]
    D*(x) = p(x) / (p(x) + q(x))        C = E_p[log D*] + E_q[log(1 - D*)] = -log 4 + 2 JSD(p ‖ q)

Goodfellow et al., Generative Adversarial Nets (2014), prop. 1 and thm. 1: C is at least -log 4 = -1.386, where p = q.
"""

from __future__ import annotations

import math

import numpy as np

from latentlab.analysis.arrays import Doubles, Reals

LEAST = -math.log(4)  # of V at the best discriminator


def best_discriminator(log_p: Doubles, log_q: Doubles) -> Doubles:
    """Two log-densities at the same places, of one shape -> D* there; ½ where both vanish."""
    neither = np.isneginf(log_p) & np.isneginf(log_q)
    apart = np.subtract(log_p, log_q, out=np.zeros(np.shape(log_p)), where=~neither)
    return sigmoid(apart)


def sigmoid(logits: Doubles) -> Doubles:
    """Logits of any shape -> D = 1 / (1 + exp(-logit))."""
    return np.asarray(np.exp(_log_sigmoid(logits)))


def value(of_data: Reals, of_samples: Reals) -> float:
    """V in nats, of a discriminator's logits for examples, (N,), and for samples, (M,)."""
    of_data, of_samples = (np.asarray(logits, np.float64) for logits in (of_data, of_samples))
    return float(_log_sigmoid(of_data).mean() + _log_sigmoid(-of_samples).mean())


def best_value(p: Doubles, q: Doubles, places: Doubles) -> float:
    """C of two densities on a line, by the trapezoid rule, in nats.

    Args:
        p: (N,) the density of the data.
        q: (N,) that of the samples.
        places: (N,) where, ascending, with nearly all of both between the ends.
    """
    return LEAST + 2 * jensen_shannon(p, q, places)


def jensen_shannon(p: Doubles, q: Doubles, places: Doubles) -> float:
    """JSD(p ‖ q) = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q)/2, in nats: 0 where they agree, log 2 where they are apart.

    Args:
        p: (N,) a density on a line.
        q: (N,) another.
        places: (N,) as of `best_value`.
    """
    middle = (p + q) / 2
    return float(np.trapezoid(_relative_entropy(p, middle) + _relative_entropy(q, middle), places)) / 2


def _relative_entropy(p: Doubles, of: Doubles) -> Doubles:
    """p log(p / of), 0 where p is 0."""
    ratio = np.divide(p, of, out=np.ones_like(p), where=p > 0)
    return np.asarray(p * np.log(ratio))


def _log_sigmoid(x: Doubles) -> Doubles:
    return np.asarray(np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))))
