"""How even weights are, and the constant that makes them as even as wanted.

A constant c added to each weight before it is normalised guards against the example whose stored weight is almost 0
while its gradient has grown: drawn, it would be multiplied by mean(w)/w_n without bound (Alain 2018, §7.A.5). The
entropy of ω rises with c from that of the bare weights to ln N.
"""

from __future__ import annotations

import math

import numpy as np

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.stats import entropy

HALVINGS = 200


def probabilities(weights: Doubles, constant: float = 0.0) -> Doubles:
    """(N,) ω_n = (w_n + c) / Σ (w + c).

    Raises:
        ValueError: a weight is negative or no number, or all are 0.
    """
    total = float(weights.sum() + constant * len(weights))
    if not (np.isfinite(total) and total > 0 and weights.min() >= 0 and constant >= 0):
        raise ValueError("Weights are numbers of at least 0, and not all of them are 0.")
    return np.asarray((weights + constant) / total, np.float64)


def effective_share(omega: Doubles) -> float:
    """1 / (N Σ ω²): the share of the examples that draws by ω are worth; 1 where all are even."""
    return float(1 / (len(omega) * (omega**2).sum()))


def constant_for(weights: Doubles, target: float) -> float:
    """The constant c with which the entropy of ω is a target, by bisection; 0 where it is that high without.

    Args:
        weights: (N,).
        target: in nats, below ln N.

    Raises:
        ValueError: no constant reaches it, or the weights are unfit.
    """
    if target >= math.log(len(weights)) - 1e-12:
        raise ValueError(f"The entropy of {len(weights):,} weights stays below {math.log(len(weights)):.4g} nats.")
    bare = weights if weights.sum() > 0 else weights + 1.0
    if entropy(probabilities(bare)) >= target:
        return 0.0
    low, high = 0.0, float(bare.max())
    while entropy(probabilities(bare, high)) < target:
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if entropy(probabilities(bare, middle)) >= target else (middle, high)
    return high


def share_by_class(omega: Doubles, classes: Labels, n_classes: int) -> Doubles:
    """(K,) what share of the draws each class gets, over what share of the examples it has; 1 where drawing is even.

    A class without examples has NaN, and an example without a class counts for none.
    """
    labelled = classes >= 0
    drawn = np.bincount(classes[labelled], omega[labelled], n_classes)
    there = np.bincount(classes[labelled], minlength=n_classes) / len(omega)
    found: Doubles = np.divide(drawn, there, out=np.full(n_classes, np.nan), where=there > 0)
    return found


def recall(weights: Doubles, planted: Labels) -> float:
    """Of n planted examples, the share that is among the n heaviest.

    Args:
        weights: (N,).
        planted: (n,) their rows, each once, at least one.
    """
    heaviest = np.argsort(-weights, kind="stable")[: len(planted)]
    return float(np.isin(planted, heaviest).mean())
