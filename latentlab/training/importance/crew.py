"""Who measures the lengths of gradients for a training: workers simulated within it, in turn with its steps."""

from __future__ import annotations

from typing import Protocol

import torch

from latentlab.data import Dataset
from latentlab.models import Trains
from latentlab.training.config import TrainConfig
from latentlab.training.importance.board import Board, Parameters, Simulated, Weights
from latentlab.training.importance.worker import Worker


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
