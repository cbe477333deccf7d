"""What a classifier predicts of labelled examples: as they are, and after each way to change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.activations import encode_all
from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.classification.confusion import confusion, most_confident
from latentlab.analysis.classification.preprocessing import Preprocessing
from latentlab.analysis.latent.support import Classify
from latentlab.analysis.stats import Proportion, proportion

Progress = Callable[[float], None]  # is given the share that is done


@dataclass(frozen=True, eq=False)
class Predictions:
    """What is predicted of N labelled examples.

    Attributes:
        log_probs: (N, K).
        y: (N,) the true classes.
    """

    log_probs: Floats
    y: Labels

    @property
    def predicted(self) -> Labels:
        """(N,) the most probable class of each."""
        found: Labels = self.log_probs.argmax(1)
        return found

    @property
    def right(self) -> NDArray[np.bool_]:
        """(N,) whether that is the true one."""
        found: NDArray[np.bool_] = self.predicted == self.y
        return found

    @property
    def top(self) -> Doubles:
        """(N,) the probability of the most probable class."""
        found: Doubles = np.exp(self.log_probs.max(1).astype(np.float64))
        return found

    @property
    def counts(self) -> Labels:
        """(K, K) how often a class (row) is predicted as another."""
        return confusion(self.predicted, self.y, self.log_probs.shape[1])

    @property
    def error(self) -> Proportion:
        """The share of wrong ones."""
        return proportion(~self.right)

    @property
    def accuracy(self) -> Proportion:
        """The share of right ones."""
        return proportion(self.right)

    def of_cell(self, true: int, predicted: int) -> Labels:
        """The examples of a cell of the confusion matrix, most certain first."""
        return most_confident(self.top, (self.y == true) & (self.predicted == predicted), len(self.y))

    def confident(self, right: bool, n: int, of: int | None = None) -> Labels:
        """The n examples that are predicted right, or wrong, with the most certainty; of one true class, or of all."""
        return most_confident(self.top, (self.right == right) & ((self.y == of) | (of is None)), n)


def predict(
    classify: Classify, x: Tensor, y: Labels, progress: Progress = lambda _: None, chunk: int = 250
) -> Predictions:
    """Classify N labelled examples, a chunk at a time.

    Raises:
        ValueError: there are no examples, or the classifier gives no row for each.
    """
    parts = []
    for start in range(0, max(1, len(x)), chunk):
        parts.append(encode_all(classify, x[start : start + chunk]))
        progress(min(1.0, (start + chunk) / len(x)))
    return Predictions(np.concatenate(parts), y)


def predict_under(
    classify: Classify,
    x: Tensor,
    y: Labels,
    ways: Sequence[Preprocessing],
    seed: int,
    progress: Progress = lambda _: None,
) -> tuple[Predictions, ...]:
    """What is predicted of N labelled examples after each of some ways to change them.

    Args:
        classify: (B, *shape) -> (B, K) log-probabilities.
        x: (N, *shape) as models see them.
        y: (N,) their classes, which a change is taken not to change.
        ways: to change them.
        seed: of what is random in a way.
        progress: is given the share that is done.
    """
    found = []
    for k, way in enumerate(ways):
        found.append(predict(classify, way.apply(x, device.generator(seed)), y))
        progress((k + 1) / len(ways))
    return tuple(found)
