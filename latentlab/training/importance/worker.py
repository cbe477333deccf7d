"""A worker of importance sampling: takes parameters from a board, and leaves the lengths of examples' gradients."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Dataset
from latentlab.models import Trains
from latentlab.nn.gradient_norms import GradientNorms, depends_on_others
from latentlab.training.config import TrainingError
from latentlab.training.importance.board import Board

CHUNK = 500  # examples whose graph is alive at once
PAUSE = 0.002  # seconds until who has measured all, or waits for it, looks again


class Worker:
    """A copy of a model that measures |∇ l_n| with the parameters that a board holds.

    The loss is that of validation: without dropout, and at the end of a warm-up.
    """

    def __init__(self, model: Trains, data: Dataset, seed: int = 0) -> None:
        """Take the model, which stays as it is, and all examples, on its device.

        Raises:
            TrainingError: its loss is none of single examples.
        """
        self.model, self.data, self.seed = copy.deepcopy(model).eval(), data, seed
        self._rng = device.generator(seed, data.x.device)
        self._norms = GradientNorms(self.model, self._losses)

        def repeated(x: Tensor, y: Tensor) -> Tensor:
            self._rng = device.generator(seed, x.device)
            return self._losses(x, y)

        first = data[:2].batch()
        if len(data) > 1 and depends_on_others(repeated, first.x, first.y):
            raise TrainingError(
                f"In “{model.title}” the loss of an example depends on the others of its batch, so none has a gradient "
                "of its own to draw it by; train it without importance sampling."
            )

    def norms(self, rows: Tensor, version: int) -> Tensor:
        """(n,) rows on the CPU -> (n,) float64 on the CPU; the noise is that of a version.

        Raises:
            TrainingError: one isn't finite.
        """
        self._rng = device.generator(self.seed + 7_919 * (version + 1), self.data.x.device)
        found = torch.cat([self._norms(*_read(self.data, part)) for part in rows.split(CHUNK)]).detach().cpu().double()
        if not bool(found.isfinite().all()):
            raise TrainingError(f"A gradient isn't finite at step {version}; try a lower learning rate.")
        return found

    def work(self, board: Board, rows: Tensor, now: float) -> int:
        """Measure one example or more with the parameters that are there now, and leave their norms.

        Returns:
            The version of the parameters.

        Raises:
            TrainingError: as `norms`.
        """
        parameters, version = board.pull_parameters()
        self.model.load_state_dict(parameters)
        board.push_weights(rows, self.norms(rows, version), version, now)
        return version

    def _losses(self, x: Tensor, y: Tensor) -> Tensor:
        (loss,) = self.model.losses(Batch(x, y, torch.ones(len(x), device=x.device)), self._rng)
        return loss.value


def go_round(worker: Worker, board: Board, parts: Sequence[Tensor], is_over: Callable[[], bool]) -> None:
    """Measure parts of the examples, each in its turn and whenever there are newer parameters, until it is over."""
    measured = [-1] * len(parts)
    while not is_over():
        k = min(range(len(parts)), key=measured.__getitem__)
        if measured[k] < board.version:
            measured[k] = worker.work(board, parts[k], time.time())
        else:
            time.sleep(PAUSE)


def gradient_norms(model: Trains, data: Dataset, seed: int = 0) -> Iterator[Tensor]:
    """|∇ l_n| of all examples of a data set, in parts, in their order: float64 on the CPU.

    Args:
        model: of one player; it stays as it is.
        data: at least one example, on its device.
        seed: of the noise that the loss draws, if any.

    Raises:
        TrainingError: one isn't finite, or the loss is none of single examples.
    """
    worker = Worker(model, data, seed)
    for rows in torch.arange(len(data)).split(CHUNK):
        yield worker.norms(rows, 0)


def _read(data: Dataset, rows: Tensor) -> tuple[Tensor, Tensor]:
    batch = data.batch(rows.to(data.x.device))
    return batch.x, batch.y
