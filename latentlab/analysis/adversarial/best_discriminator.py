"""The best discriminator of two densities, what the game is worth with it, and how far the densities are apart.

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
    return np.asarray(1 / (1 + np.exp(-np.clip(apart, -700, 700))))


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


def wasserstein_1(x: Reals, y: Reals) -> float:
    """The area between the cumulative shares of two samples of a line, (N,) and (M,): how far mass has to move, in all.

    In the units of the samples. With as many of both it is the mean distance of the sorted ones.
    """
    a, b = (np.sort(np.asarray(values, np.float64)) for values in (x, y))
    places = np.sort(np.concatenate([a, b]))
    shares = (np.searchsorted(one, places[:-1], "right") / len(one) for one in (a, b))
    below_a, below_b = shares
    return float((np.abs(below_a - below_b) * np.diff(places)).sum())


def _relative_entropy(p: Doubles, of: Doubles) -> Doubles:
    """p log(p / of), 0 where p is 0."""
    ratio = np.divide(p, of, out=np.ones_like(p), where=p > 0)
    return np.asarray(p * np.log(ratio))
