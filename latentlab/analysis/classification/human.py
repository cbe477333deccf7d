"""A person classifies the same examples as a classifier: both are scored by the same rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels
from latentlab.analysis.stats import Proportion, proportion, wilson

SOURCE_RIGHT, SOURCE_N = 194, 200  # of Burhanpurkar (2020), §3: a volunteer, and sketches


@dataclass(frozen=True, eq=False)
class HumanScore:
    """The answers of a person, of n examples.

    Attributes:
        human: the share that the person has right.
        model: the share that the classifier has right, of the same examples.
        right: (n,) where the person is right.
        model_right: (n,) where the classifier is.
    """

    human: Proportion
    model: Proportion
    right: NDArray[np.bool_]
    model_right: NDArray[np.bool_]

    @property
    def human_alone(self) -> int:
        """Examples that only the person has right."""
        return int((self.right & ~self.model_right).sum())

    @property
    def model_alone(self) -> int:
        """Examples that only the classifier has right."""
        return int((self.model_right & ~self.right).sum())


def human_score(answers: Sequence[int], y: Labels, predicted: Labels) -> HumanScore:
    """Score answers to the first of N examples; the person may have stopped early.

    Args:
        answers: the class that was named for each of the first n examples, n at least 1.
        y: (N,) the true classes.
        predicted: (N,) what the classifier says.

    Raises:
        ValueError: there are no answers, or more than examples.
    """
    if not 0 < len(answers) <= len(y):
        raise ValueError(f"{len(answers)} answers to {len(y)} examples can't be scored.")
    n = len(answers)
    right, model_right = np.asarray(answers) == y[:n], predicted[:n] == y[:n]
    return HumanScore(proportion(right), proportion(model_right), right, model_right)


def source() -> Proportion:
    """What the volunteer of the source had right: 194 of 200."""
    return wilson(SOURCE_RIGHT / SOURCE_N, SOURCE_N)
