"""Workers that are actors of a Ray cluster, on any of its machines; a third actor is the board between both sides.

The training never waits: it leaves its parameters and goes on with the last table of weights that arrived. A worker
that is lost leaves its share of the examples with the weights that they had.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.cluster import connect
from latentlab.data import Dataset
from latentlab.models import Trains
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.importance.board import Parameters, Weights
from latentlab.training.importance.crew import OtherWorkers, to_send
from latentlab.training.importance.worker import Worker, go_round

Arrays = dict[str, NDArray[Any]]


class Ledger:
    """The actor in the middle: what was left last by either side."""

    def __init__(self, n: int) -> None:
        self.weights, self.parameters, self.version = Weights(n), list[Any](), -1

    def put(self, parameters: list[Any], version: int) -> None:
        """Keep a reference of the training's parameters; it is in a list so that Ray doesn't fetch them here."""
        self.parameters, self.version = parameters, version

    def at(self) -> int:
        """The version of the parameters."""
        return self.version

    def get(self) -> tuple[list[Any], int]:
        """The reference of the parameters, and their version."""
        return self.parameters, self.version

    def report(self, rows: NDArray[np.int64], norms: NDArray[np.float64], version: int, now: float) -> None:
        """Keep the norms of some examples."""
        index = torch.from_numpy(rows.copy())
        self.weights.norm[index] = torch.from_numpy(norms.copy())
        self.weights.version[index] = version
        self.weights.time[index] = now

    def table(self) -> Arrays:
        """All weights."""
        return {name: column.numpy() for name, column in self.weights.tensors().items()}


class RayBoard:
    """The ledger, as either side sees it."""

    def __init__(self, ray: Any, ledger: Any, weights: Weights) -> None:
        """Take the connected module, the actor, and the table that is brought up to date in place."""
        self._ray, self._ledger, self._weights = ray, ledger, weights
        self._pending: Any = None

    @property
    def version(self) -> int:
        """After how many steps the parameters are those that are there now."""
        return int(self._ray.get(self._ledger.at.remote()))

    def push_parameters(self, parameters: Parameters, version: int) -> None:
        """Put the parameters into the cluster's memory."""
        arrays = {name: value.detach().cpu().numpy() for name, value in parameters.items()}
        self._ledger.put.remote([self._ray.put(arrays)], version)

    def pull_parameters(self) -> tuple[Parameters, int]:
        """The last parameters that were left."""
        (reference,), version = self._ray.get(self._ledger.get.remote())
        arrays: Arrays = self._ray.get(reference)
        return {name: torch.from_numpy(value.copy()) for name, value in arrays.items()}, version

    def push_weights(self, rows: Tensor, norms: Tensor, version: int, time: float) -> None:
        """Send the norms of some examples, 8 bytes each."""
        self._ledger.report.remote(rows.numpy(), norms.double().numpy(), version, time)

    def pull_weights(self) -> Weights:
        """The table as it arrived last; the next one is requested."""
        if self._pending is not None and self._ray.wait([self._pending], timeout=0)[0]:
            arrived: Arrays = self._ray.get(self._pending)
            for name, column in self._weights.tensors().items():
                column.copy_(torch.from_numpy(arrived[name].copy()))
            self._pending = None
        if self._pending is None:
            self._pending = self._ledger.table.remote()
        return self._weights


class Measurer:
    """The actor that measures its share of the examples for as long as it lives."""

    def __init__(self, model: Trains, data: Dataset, rows: NDArray[np.int64], refresh: int, seed: int) -> None:
        device.limit_threads()
        self._worker = Worker(model.to(device.pick()), data.to(device.pick()), seed)
        self._parts = torch.from_numpy(rows.copy()).split(refresh)
        self._n = len(data)

    def measure(self, ledger: Any) -> None:
        """Go round for ever; it ends at a length that isn't finite, or with the actor."""
        import ray

        go_round(self._worker, RayBoard(ray, ledger, Weights(self._n)), self._parts, lambda: False)


class RayWorkers(OtherWorkers):
    """The actors of one training on the cluster at `$RAY_ADDRESS` (default: the one that this machine belongs to).

    Attributes:
        workers: the actors.
    """

    def __init__(self, model: Trains, data: Dataset, config: TrainConfig, weights: Weights) -> None:
        """Start them, with a GPU each where the cluster has any.

        Raises:
            TrainingError: as `to_send`, Ray isn't installed, or no cluster answers.
        """
        model, data = to_send(model, data, config)
        try:
            self._ray = ray = connect(os.environ.get("RAY_ADDRESS", "auto"))
        except RunError as error:
            raise TrainingError(str(error)) from error
        self.is_exact = config.exact
        self._ledger = ray.remote(num_cpus=0)(Ledger).remote(len(data))
        self.board = RayBoard(ray, self._ledger, weights)
        many = ray.remote(num_cpus=1, num_gpus=1 if ray.cluster_resources().get("GPU") else 0)(Measurer)
        given, shares = (ray.put(model), ray.put(data)), config.importance_workers
        rows = [np.arange(len(data))[k::shares] for k in range(shares)]
        self.workers = [many.remote(*given, part, config.refresh, config.seed) for part in rows]
        self._running = [worker.measure.remote(self._ledger) for worker in self.workers]

    def has_ended(self) -> bool:
        """Whether any actor has ended."""
        return bool(self._ray.wait(self._running, timeout=0)[0])

    def close(self) -> None:
        """End the actors; the connection stays, others may use it."""
        for actor in (*self.workers, self._ledger):
            self._ray.kill(actor)
