"""What a master, which trains, and workers, which measure, exchange: parameters one way, a number an example the other.

The master never waits for a worker: a weight that is not refreshed grows old, which makes the gradient vary more and
never biases it. Any `Board` serves: here is one within a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

Parameters = Mapping[str, Tensor]


class Weights:
    """What is known of each example's gradient, changed in place.

    Attributes:
        norm: (N,) float64, its length when it was last measured.
        version: (N,) int64, the step of the training whose parameters it was measured with; -1: never.
        time: (N,) float64, when it was, on the clock of the board.
    """

    def __init__(self, n: int) -> None:
        self.norm = torch.ones(n, dtype=torch.float64)
        self.version = torch.full((n,), -1, dtype=torch.int64)
        self.time = torch.zeros(n, dtype=torch.float64)

    def __len__(self) -> int:
        return len(self.norm)

    def tensors(self) -> dict[str, Tensor]:
        """The three columns by name, not copied."""
        return {"norm": self.norm, "version": self.version, "time": self.time}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Weights:
        """A table of a copy of such columns.

        Raises:
            ValueError, LookupError: they are none.
        """
        made = cls(len(tensors["norm"]))
        for name, column in made.tensors().items():
            given = tensors[name]
            if given.shape != column.shape or given.dtype != column.dtype:
                raise ValueError("A table of weights has three columns of one length.")
            column.copy_(given)
        return made


class Board(Protocol):
    """Where both sides leave what the other takes; no call waits for anyone."""

    @property
    def version(self) -> int:
        """After how many steps the parameters are those that are there now; -1: there are none yet."""

    def push_parameters(self, parameters: Parameters, version: int) -> None:
        """Leave the parameters after so many steps, for workers to take."""

    def pull_parameters(self) -> tuple[Parameters, int]:
        """The last parameters that were left, and after how many steps; a caller doesn't change them."""

    def push_weights(self, rows: Tensor, norms: Tensor, version: int, time: float) -> None:
        """Leave the norms (n,) of some examples (n,), measured with parameters of a version at a time."""

    def pull_weights(self) -> Weights:
        """All weights as they are known now; a caller doesn't change them."""


class Simulated:
    """A board for one process, with the clock of the training: a tick a step. All on it can be repeated."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._parameters: tuple[Parameters, int] = ({}, -1)

    @property
    def version(self) -> int:
        """After how many steps the parameters are those that are there now."""
        return self._parameters[1]

    def push_parameters(self, parameters: Parameters, version: int) -> None:
        """Leave the parameters themselves, not a copy: workers take them before the next step."""
        self._parameters = parameters, version

    def pull_parameters(self) -> tuple[Parameters, int]:
        """The last parameters that were left, and after how many steps."""
        return self._parameters

    def push_weights(self, rows: Tensor, norms: Tensor, version: int, time: float) -> None:
        """Write the norms of some examples into the table."""
        self._weights.norm[rows] = norms.double()
        self._weights.version[rows] = version
        self._weights.time[rows] = time

    def pull_weights(self) -> Weights:
        """The table itself."""
        return self._weights
