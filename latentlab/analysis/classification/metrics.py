"""How well a classifier predicts: accuracy in its several meanings, calibration, and what they can't say.

All take (N, K) log-probabilities and (N,) true classes, every example with one. A network whose outputs are K
separate sigmoids has K probabilities that needn't add up to 1; their logarithms serve as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.arrays import Doubles, Labels, Reals

N_BINS = 10  # of a reliability diagram, equally wide


def in_top(log_probs: Reals, y: Labels, k: int) -> NDArray[np.bool_]:
    """(N,) whether fewer than k classes are more probable than the true one; of equal ones the first counts as more."""
    own = log_probs[np.arange(len(y)), y][:, None]
    earlier = np.arange(log_probs.shape[1])[None] < y[:, None]
    above = (log_probs > own) | ((log_probs == own) & earlier)
    found: NDArray[np.bool_] = above.sum(1) < k
    return found


def binary_accuracy(log_probs: ArrayLike | torch.Tensor, y: ArrayLike | torch.Tensor) -> float:
    """The share of all N K outputs that are on the right side of 1/2: what Keras calls accuracy under a binary loss.

    Each output is compared alone with its place in the one-hot code of the class, so a classifier that says no to
    every class scores 1 - 1/K.
    """
    p = np.exp(np.asarray(log_probs, np.float64))
    one_hot = np.arange(p.shape[1])[None] == np.asarray(y)[:, None]
    return float(((p > 0.5) == one_hot).mean())


def all_negative(n_classes: int) -> float:
    """The binary accuracy of a classifier that says no to every class: 1 - 1/K."""
    return 1 - 1 / n_classes


def categorical_bounds(binary: float, n_classes: int) -> tuple[float, float]:
    """Between what the categorical accuracy must lie, where only the binary one is known.

    An example whose most probable class is wrong has at least one wrong output of K (the true class isn't above 1/2, or
    another is), and one where it is right has at most K - 1. So 1 - K (1 - b) <= accuracy <= K b.
    """
    return max(0.0, 1 - n_classes * (1 - binary)), min(1.0, n_classes * binary)


@dataclass(frozen=True)
class Calibration:
    """How often a classifier is right where it is so and so certain; B bins of equal width over (0, 1].

    Attributes:
        n: (B,) examples in each bin, by the probability of the most probable class.
        confidence: (B,) the mean of that probability; NaN of an empty bin.
        accuracy: (B,) the share of right ones; NaN of an empty bin.
        ece: expected calibration error, Σ n_b / N |accuracy - confidence| (Guo et al. 2017).
        surplus: mean confidence minus accuracy: how much too certain it is on average.
    """

    n: Labels
    confidence: Doubles
    accuracy: Doubles
    ece: float
    surplus: float


def calibration(log_probs: Reals, y: Labels, n_bins: int = N_BINS) -> Calibration:
    """What a reliability diagram shows.

    Raises:
        ValueError: there are no examples.
    """
    if not len(y):
        raise ValueError("There are no examples.")
    p = np.exp(log_probs.astype(np.float64)).max(1)
    right = log_probs.argmax(1) == y
    cell = np.clip(np.ceil(p * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    n = np.bincount(cell, minlength=n_bins)
    total_p, total_right = np.bincount(cell, p, n_bins), np.bincount(cell, right, n_bins)
    with np.errstate(invalid="ignore"):
        confidence, accuracy = total_p / n, total_right / n
    ece = float(np.abs(total_right - total_p).sum() / len(y))
    return Calibration(n, confidence, accuracy, ece, float(p.mean() - right.mean()))
