"""Classifier agreement on generated examples: how often the prediction is the requested class, with an interval.

The classifier's own errors count against the generator, so its accuracy on real examples is the control. (Sources that
left that control out: Burhanpurkar 2020, §3, where 69 % of the reconstructions were recognised; the share of originals
is not reported.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.conditional.analogies import as_classes
from latentlab.analysis.latent.support import Classify
from latentlab.analysis.stats import Proportion, proportion

BATCH = 100  # examples at once: more don't fit the cache of a core


@dataclass(frozen=True)
class ClassifierAgreement:
    """A classifier's predictions for N examples.

    Attributes:
        accuracy: the share whose prediction is the requested class.
        control: the same for real examples; None if there were none.
        by_class: (K,) accuracy for each requested class; NaN where there is none.
        confusion: (K, K) counts; row: the requested class, column: the predicted class.
        predicted: (N,) the predicted class.
        confidence: (N,) the probability that it gives that class.
    """

    accuracy: Proportion
    control: Proportion | None
    by_class: Floats
    confusion: Labels
    predicted: Labels
    confidence: Floats


def classifier_agreement(
    classify: Classify,
    images: Tensor,
    y: Tensor,
    real: tuple[Tensor, Tensor] | None = None,
    groups: ArrayLike | None = None,
) -> ClassifierAgreement:
    """Classify examples that should be of given classes.

    Args:
        classify: (B, *shape) -> (B, K) log-probabilities.
        images: (N, *shape), N at least 1.
        y: (N,) the requested classes.
        real: real examples and their classes, for the control; preprocessed as `images` are.
        groups: (N,) which examples depend on each other, such as the rows of a sheet; each for itself if None.

    Raises:
        ValueError: no examples, a classifier that knows one class, or classes that it doesn't know.
    """
    log_probs = _log_probs(classify, images)
    n_classes = log_probs.shape[1]
    requested = as_classes(y, len(images), n_classes)
    predicted = log_probs.argmax(1)
    confusion = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(confusion, (requested, predicted), 1)
    with np.errstate(invalid="ignore"):
        by_class = confusion.diagonal() / confusion.sum(1)
    control = None
    if real is not None:
        truth = as_classes(real[1], len(real[0]), n_classes)
        control = proportion(_log_probs(classify, real[0]).argmax(1) == truth)
    return ClassifierAgreement(
        proportion(predicted == requested, groups), control, by_class.astype(np.float32), confusion, predicted,
        np.exp(log_probs.max(1)).astype(np.float32),
    )  # fmt: skip


@torch.no_grad()
def _log_probs(classify: Classify, x: Tensor) -> Floats:
    if len(x) == 0:
        raise ValueError("There are no examples to classify.")
    found: Floats = torch.cat([classify(part) for part in x.split(BATCH)]).cpu().float().numpy()
    return found


def recognised(agreed: ClassifierAgreement | None, n_classes: int) -> str:
    """What classifier agreement adds to what the decoder uses: examples may change with y and still not show the class.

    None is of data without a classifier.
    """
    if agreed is None:
        return " There is no classifier of these classes, so the classes of the examples are not predicted."
    accuracy, chance = agreed.accuracy.value, 1 / n_classes
    if accuracy < 2 * chance:
        return (
            f" But classifier agreement is only {accuracy:.0%}, by chance {chance:.0%}: the class input has little "
            "effect on the example."
        )
    if accuracy < 0.9:
        return f" Classifier agreement is {accuracy:.0%}: z contains part of the class, so y is not always used."
    return ""
