"""What a classifier makes of generated examples: how often it sees the class that was asked for, and how sure that is.

Its own mistakes count against the generator, so the same classifier on real examples is always beside it. (Sources that
left that control out: Burhanpurkar 2020, §3, where 69 % of the reconstructions were recognised, of how many originals
nobody says.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.conditional.analogies import as_classes

Classify = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, K) log-probabilities

BATCH = 100  # examples at once: more don't fit the cache of a core
Z_95 = 1.959963984540054  # of a normal distribution 95 % lies within so many standard deviations


@dataclass(frozen=True)
class Share:
    """A share and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """A classifier's opinion of N examples.

    Attributes:
        accuracy: the share that it takes for the class that was asked for.
        control: the same for real examples; None if there were none.
        by_class: (K,) accuracy for each class that was asked for; NaN where none was.
        confusion: (K, K) counts; row: the class that was asked for, column: the one that was seen.
        predicted: (N,) the class that it sees.
        confidence: (N,) the probability that it gives that class.
    """

    accuracy: Share
    control: Share | None
    by_class: Floats
    confusion: Labels
    predicted: Labels
    confidence: Floats


def judge(
    classify: Classify,
    images: Tensor,
    y: Tensor,
    real: tuple[Tensor, Tensor] | None = None,
    groups: ArrayLike | None = None,
) -> Judged:
    """Let a classifier look at examples that should be of given classes.

    Args:
        classify: (B, *shape) -> (B, K) log-probabilities.
        images: (N, *shape), N at least 1.
        y: (N,) the classes that were asked for.
        real: real examples and their classes, for the control; preprocessed as `images` are.
        groups: (N,) which examples stand or fall together, such as the rows of a sheet; each for itself if None.

    Raises:
        ValueError: no examples, a classifier that knows one class, or classes that it doesn't know.
    """
    log_probs = _log_probs(classify, images)
    n_classes = log_probs.shape[1]
    asked = as_classes(y, len(images), n_classes)
    predicted = log_probs.argmax(1)
    confusion = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(confusion, (asked, predicted), 1)
    with np.errstate(invalid="ignore"):
        by_class = confusion.diagonal() / confusion.sum(1)
    control = None
    if real is not None:
        truth = as_classes(real[1], len(real[0]), n_classes)
        control = share(_log_probs(classify, real[0]).argmax(1) == truth)
    return Judged(
        share(predicted == asked, groups), control, by_class.astype(np.float32), confusion, predicted,
        np.exp(log_probs.max(1)).astype(np.float32),
    )  # fmt: skip


def share(right: ArrayLike, groups: ArrayLike | None = None) -> Share:
    """The share of what is right, with Wilson's interval (1927).

    Examples of a group resemble each other, so they tell less than as many independent ones: the interval is that of
    N / deff examples. The design effect deff (Kish 1965) is the variance between the groups' means in units of what
    independent examples would have, at least 1.

    Args:
        right: (N,) booleans, N at least 1.
        groups: (N,) the group of each; each for itself if None.
    """
    found = np.asarray(right, np.float64)
    if not found.size:
        raise ValueError("There are no examples to judge.")
    p, n = float(found.mean()), found.size
    deff = 1.0
    if groups is not None and 0 < p < 1:
        group = np.unique(np.asarray(groups), return_inverse=True)[1]
        n_groups = int(group.max()) + 1
        if n_groups > 1:
            surplus = np.bincount(group, found - p)  # of right ones in each group
            deff = max(1.0, n_groups / (n_groups - 1) * float(np.square(surplus).sum()) / (n * p * (1 - p)))
    return wilson(p, n / deff)


def wilson(p: float, n: float) -> Share:
    """Wilson's 95 % interval of a share p of n independent examples; n need not be whole."""
    middle = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * math.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n**2))
    return Share(p, max(0.0, middle - half), min(1.0, middle + half))


@torch.no_grad()
def _log_probs(classify: Classify, x: Tensor) -> Floats:
    if len(x) == 0:
        raise ValueError("There are no examples to judge.")
    found: Floats = torch.cat([classify(part) for part in x.split(BATCH)]).cpu().float().numpy()
    return found
