"""Who measures the lengths of gradients for a training: workers simulated within it, or others that run meanwhile."""

from __future__ import annotations

import copy
import time
from abc import ABC, abstractmethod
from typing import Protocol

import torch

from latentlab.data import Dataset
from latentlab.models import Trains
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.importance.board import Board, Parameters, Simulated, Weights
from latentlab.training.importance.worker import PAUSE, Worker


class Crew(Protocol):
    """Workers, and the board on which they and the training leave what the other takes."""

    board: Board

    def measure_all(self, parameters: Parameters, step: int) -> None:
        """Return once every example is measured with parameters of this step or a later one.

        Raises:
            TrainingError: a length isn't finite, or no worker is left that could measure it.
        """

    def show(self, parameters: Parameters, step: int) -> None:
        """Let the workers see the parameters before a step; it waits for none of them unless they are to be exact.

        Raises:
            TrainingError: as `measure_all`.
        """

    def close(self) -> None:
        """End the workers; what they measured stays."""


class SimulatedWorkers:
    """Workers that go round the examples in turn, so many a step: all can be repeated to the bit."""

    def __init__(self, model: Trains, data: Dataset, config: TrainConfig, weights: Weights) -> None:
        """Take the model, which is copied, all examples on its device, and the table that is changed in place.

        Raises:
            TrainingError: as `Worker`.
        """
        self.board: Board = Simulated(weights)
        self._worker = Worker(model, data, config.seed)
        self._n = len(data)
        self._at_once = self._n if config.exact else min(self._n, config.importance_workers * config.refresh)

    def measure_all(self, parameters: Parameters, step: int) -> None:
        """Measure every example."""
        self._measure(parameters, step, torch.arange(self._n))

    def show(self, parameters: Parameters, step: int) -> None:
        """Measure those whose turn it is."""
        self._measure(parameters, step, (step * self._at_once + torch.arange(self._at_once)) % self._n)

    def close(self) -> None:
        """There is nothing to end."""

    def _measure(self, parameters: Parameters, step: int, rows: torch.Tensor) -> None:
        if len(rows):
            self.board.push_parameters(parameters, step)
            self._worker.work(self.board, rows, float(step))


class OtherWorkers(ABC):
    """Workers that measure while the training goes on, each with its share of the examples.

    Attributes:
        board: that both sides know.
        is_exact: a step waits until all examples are measured with its parameters.
    """

    board: Board
    is_exact: bool

    @abstractmethod
    def has_ended(self) -> bool:
        """Whether any worker has ended, so that its share is measured no more."""

    def measure_all(self, parameters: Parameters, step: int) -> None:
        """Leave the parameters, and wait until every example is measured with them."""
        self.board.push_parameters(parameters, step)
        while bool((self.board.pull_weights().version < step).any()):
            if self.has_ended():
                raise TrainingError(
                    "A worker of the importance sampling has ended before it had measured its examples; resume the "
                    "training to start it again."
                )
            time.sleep(PAUSE)

    def show(self, parameters: Parameters, step: int) -> None:
        """Leave the parameters, and wait only if the weights are to be exact."""
        if self.is_exact:
            self.measure_all(parameters, step)
        else:
            self.board.push_parameters(parameters, step)


def to_send(model: Trains, data: Dataset, config: TrainConfig) -> tuple[Trains, Dataset]:
    """A copy of the model and the examples, on the CPU, as other workers are given them.

    Raises:
        TrainingError: as `Worker`, or there are no workers.
    """
    if not config.importance_workers:
        raise TrainingError("Importance sampling by other processes needs at least one worker.")
    model, data = copy.deepcopy(model).cpu(), data.to(torch.device("cpu"))
    Worker(model, data)  # says what can't be measured before anything is started for it
    return model, data
