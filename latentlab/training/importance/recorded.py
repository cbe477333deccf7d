"""A board that writes down who left what and when: what master, database and workers of a training exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor

from latentlab.training.importance.board import Board, Parameters, Weights


class Exchange(StrEnum):
    """What goes between a board and the master or a worker."""

    PARAMETERS_LEFT = "parameters, by the master"
    PARAMETERS_TAKEN = "parameters, to a worker"
    WEIGHTS_LEFT = "weights, by a worker"
    WEIGHTS_TAKEN = "weights, to the master"


@dataclass(frozen=True)
class Event:
    """One exchange.

    Attributes:
        what: is exchanged.
        step: of the training when it is.
        version: of the parameters that go, or that the weights were measured with; the oldest of all weights.
        rows: the first and the last example whose weights go; empty of parameters.
        count: numbers that go.
    """

    what: Exchange
    step: int
    version: int
    rows: tuple[int, ...]
    count: int


class Recorded:
    """A board in front of another one, on which both sides see what they would see without it.

    Attributes:
        events: so far, in their order.
    """

    def __init__(self, board: Board, step: Callable[[], int]) -> None:
        """Take the board, and what says at which step the training is."""
        self._board, self._step = board, step
        self.events: list[Event] = []

    @property
    def version(self) -> int:
        """As of the board."""
        return self._board.version

    def push_parameters(self, parameters: Parameters, version: int) -> None:
        """Leave parameters on the board."""
        self._board.push_parameters(parameters, version)
        self._note(Exchange.PARAMETERS_LEFT, version, (), _size(parameters))

    def pull_parameters(self) -> tuple[Parameters, int]:
        """Take them from the board."""
        parameters, version = self._board.pull_parameters()
        self._note(Exchange.PARAMETERS_TAKEN, version, (), _size(parameters))
        return parameters, version

    def push_weights(self, rows: Tensor, norms: Tensor, version: int, time: float) -> None:
        """Leave norms on the board."""
        self._board.push_weights(rows, norms, version, time)
        self._note(Exchange.WEIGHTS_LEFT, version, (int(rows[0]), int(rows[-1])), len(rows))

    def pull_weights(self) -> Weights:
        """Take all weights from the board."""
        weights = self._board.pull_weights()
        self._note(Exchange.WEIGHTS_TAKEN, int(weights.version.min()), (0, len(weights) - 1), len(weights))
        return weights

    def _note(self, what: Exchange, version: int, rows: tuple[int, ...], count: int) -> None:
        self.events.append(Event(what, self._step(), version, rows, count))


def _size(parameters: Parameters) -> int:
    return sum(one.numel() for one in parameters.values())
