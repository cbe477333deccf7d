"""Workers that are processes of this machine, beside the training, on a board in memory that all of them share.

Nobody waits for anybody, and no lock is held by who may be killed: the parameters stand under a counter that is odd
while they are written, and under a checksum, so that a reader that meets a write reads again. A worker that is killed
leaves its share of the examples with the weights that they had: the gradient varies more, and is unbiased as before.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Sequence
from multiprocessing.process import BaseProcess

import torch
from torch import Tensor
from torch.multiprocessing import get_context

from latentlab import device
from latentlab.data import Dataset
from latentlab.models import Trains
from latentlab.training.config import TrainConfig
from latentlab.training.importance.board import Parameters, Weights
from latentlab.training.importance.crew import OtherWorkers, to_send
from latentlab.training.importance.worker import PAUSE, Worker, go_round

PATIENCE = 60.0  # seconds that parameters may be in writing: who wrote them was killed by then
FAREWELL = 5.0  # seconds that workers may take to end by themselves


class SharedBoard:
    """A board in shared memory; it can be sent to a process that is started with it.

    Attributes:
        closed: one number, 1 once the training is over.
    """

    def __init__(self, parameters: Parameters, weights: Weights) -> None:
        """Take the names, shapes and types of the parameters, and the table, whose memory is shared from now on."""
        self._parameters = {name: value.detach().cpu().clone().share_memory_() for name, value in parameters.items()}
        self._header = torch.tensor([0, -1, 0]).share_memory_()  # begun and ended writes, version, checksum
        self.closed = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._weights = weights
        for column in weights.tensors().values():
            column.share_memory_()

    @property
    def version(self) -> int:
        """After how many steps the parameters are those that are there now."""
        return int(self._header[1])

    def push_parameters(self, parameters: Parameters, version: int) -> None:
        """Copy the parameters to where workers read them; one process alone may do so."""
        self._header[0] += 1
        for name, value in self._parameters.items():
            value.copy_(parameters[name])
        self._header[1], self._header[2] = version, _checksum(self._parameters)
        self._header[0] += 1

    def pull_parameters(self) -> tuple[Parameters, int]:
        """A copy of the last parameters that were written whole.

        Raises:
            TimeoutError: who writes them has stopped in the middle.
        """
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            writes, version, checksum = self._header.tolist()
            if not writes % 2:
                found = {name: value.clone() for name, value in self._parameters.items()}
                if int(self._header[0]) == writes and _checksum(found) == checksum:
                    return found, version
            time.sleep(PAUSE)
        raise TimeoutError("The parameters were not written to their end.")

    def push_weights(self, rows: Tensor, norms: Tensor, version: int, time: float) -> None:
        """Write the norms of some examples; a reader sees the old or the new number of each."""
        self._weights.norm[rows] = norms.double()
        self._weights.version[rows] = version
        self._weights.time[rows] = time

    def pull_weights(self) -> Weights:
        """The table itself, which workers go on changing."""
        return self._weights


class Processes(OtherWorkers):
    """Workers of one training, each with its share of the examples, on the CPU or each on one of several GPUs.

    Attributes:
        workers: the processes.
    """

    def __init__(self, model: Trains, data: Dataset, config: TrainConfig, weights: Weights) -> None:
        """Start them; the model is copied, and the examples are shared with them.

        Raises:
            TrainingError: as `to_send`.
        """
        model, data = to_send(model, data, config)
        self._shared = SharedBoard(model.state_dict(), weights)
        self.board = self._shared
        self.is_exact = config.exact
        context = get_context("spawn")
        self.workers: Sequence[BaseProcess] = []
        for k in range(config.importance_workers):
            rows = torch.arange(len(data))[k :: config.importance_workers]
            given = (self._shared, model, data, rows, config.refresh, config.seed, k, os.getpid())
            one = context.Process(target=measure, args=given, daemon=True, name=f"importance-{k}")
            one.start()
            self.workers = [*self.workers, one]

    def has_ended(self) -> bool:
        """Whether any process has ended."""
        return not all(worker.is_alive() for worker in self.workers)

    def close(self) -> None:
        """End the workers."""
        self._shared.closed[0] = 1
        for worker in self.workers:
            worker.join(FAREWELL)
            if worker.is_alive():
                worker.kill()
                worker.join()


def measure(
    board: SharedBoard,
    model: Trains,
    data: Dataset,
    rows: Tensor,
    refresh: int,
    seed: int,
    slot: int,
    parent: int,
) -> None:
    """What a worker process does: measure its examples, `refresh` at once, whenever there are newer parameters.

    It ends when the board is closed, when the process that started it has ended, or at a length that isn't finite.
    """
    device.limit_threads()
    on = device.of_slot(slot)
    worker = Worker(model.to(on), data.to(on), seed)
    go_round(worker, board, rows.split(refresh), lambda: bool(board.closed[0]) or os.getppid() != parent)


def _checksum(parameters: Parameters) -> int:
    found = 0
    for value in parameters.values():
        found = zlib.crc32(value.contiguous().view(-1).view(torch.uint8).numpy().data, found)
    return found
