"""What a classifier makes of generated examples: how often it sees the class that was asked for, and how sure that is.

Its own mistakes count against the generator, so the same classifier on real examples is always beside it. (Sources that
left that control out: Burhanpurkar 2020, §3, where 69 % of the reconstructions were recognised, of how many originals
nobody says.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.conditional.analogies import as_classes
from latentlab.analysis.stats import Proportion, proportion

Classify = Callable[[Tensor], Tensor]  # (B, *shape) -> (B, K) log-probabilities

BATCH = 100  # examples at once: more don't fit the cache of a core


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

    accuracy: Proportion
    control: Proportion | None
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
        control = proportion(_log_probs(classify, real[0]).argmax(1) == truth)
    return Judged(
        proportion(predicted == asked, groups), control, by_class.astype(np.float32), confusion, predicted,
        np.exp(log_probs.max(1)).astype(np.float32),
    )  # fmt: skip


@torch.no_grad()
def _log_probs(classify: Classify, x: Tensor) -> Floats:
    if len(x) == 0:
        raise ValueError("There are no examples to judge.")
    found: Floats = torch.cat([classify(part) for part in x.split(BATCH)]).cpu().float().numpy()
    return found
