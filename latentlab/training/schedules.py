"""The learning rate over a training.

    constant   η
    cosine     η (1 + cos(π t / T)) / 2           of step t of T (Loshchilov & Hutter 2017)
    halving    η 2^-⌊e / n⌋                       of epoch e, n epochs each
    plateau    η 10^-k, not below 1e-5            after k plateaus: 5 epochs each without a better validation headline

Each is multiplied by decay^e besides. A plateau that has been noticed starts the count anew, as Keras's
ReduceLROnPlateau does without its `min_delta`: of a loss that stays the same, at the ends of epochs 6, 11, 16, …
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.training.config import TrainConfig

FACTOR = 0.1  # of the learning rate on a plateau
EPOCHS = 5  # without a better validation headline: a plateau
FLOOR = 1e-5  # below which it doesn't fall on one


@dataclass
class Plateau:
    """Notices plateaus of what should fall, such as the validation loss.

    Attributes:
        best: the lowest so far.
        waited: epochs since then, or since the last plateau.
        count: plateaus so far.
    """

    best: float = math.inf
    waited: int = 0
    count: int = 0

    def note(self, value: float) -> None:
        """Take in an epoch's."""
        self.waited += 1
        if value < self.best:
            self.best, self.waited = value, 0
        if self.waited == EPOCHS:
            self.waited, self.count = 0, self.count + 1

    def tensor(self) -> Tensor:
        """(3,) float64: exactly what it remembers."""
        return torch.tensor([self.best, self.waited, self.count], dtype=torch.float64)

    @classmethod
    def of(cls, tensor: Tensor) -> Plateau:
        """`tensor` undone.

        Raises:
            ValueError: it has another number of entries.
        """
        best, waited, count = tensor.tolist()
        return cls(best, int(waited), int(count))


def step_size(config: TrainConfig, step: int, n_steps: int, n_plateaus: int = 0) -> float:
    """The learning rate of a step.

    Args:
        config: the schedule and its knobs.
        step: counted from 0.
        n_steps: of the whole training.
        n_plateaus: noticed before it.
    """
    rate, epoch = config.learning_rate, step * config.epochs // n_steps
    match config.schedule:
        case "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * step / n_steps))
        case "halving":
            rate *= 0.5 ** (epoch // config.halve_every)
        case "plateau":
            rate = max(rate * FACTOR**n_plateaus, min(rate, FLOOR))
    return float(rate * config.decay**epoch)


def step_sizes(config: TrainConfig, n_steps: int, headlines: Sequence[float]) -> NDArray[np.float64]:
    """(n_steps,): the learning rate of each step of a training.

    Args:
        config: the schedule and its knobs.
        n_steps: that the training had, or has.
        headlines: the validation headline at the end of each epoch, lower is better; only a plateau asks for it.
    """
    plateau, counts = Plateau(), [0]
    for value in headlines:
        plateau.note(value)
        counts.append(plateau.count)
    epochs = (min(step * config.epochs // n_steps, len(counts) - 1) for step in range(n_steps))
    return np.array([step_size(config, step, n_steps, counts[epoch]) for step, epoch in enumerate(epochs)])
