"""Streams of readings as windows: each reading with those before it, as a model of sequences takes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles
from latentlab.data import Kind, Spec


@dataclass
class Windows:
    """Windows of a stream that comes in pieces; between two of them the last n - 1 readings are all that is kept.

    Attributes:
        n: readings of a window; 0 where each reading is an example.
        before: up to (n - 1, D): the readings before the next one, since the last break.
    """

    n: int = 0
    before: Doubles | None = None

    def take(self, readings: Doubles, breaks: NDArray[np.bool_] | None = None) -> Doubles:
        """(N, D) -> (N, n, D): the window that ends with each; NaN for what lies before the start or a break.

        With n = 0 they are returned as they are.

        Args:
            readings: the next ones.
            breaks: (N,) whether each doesn't follow the one before.
        """
        if not self.n:
            return readings
        if not len(readings):
            return np.zeros((0, self.n, readings.shape[1]))
        known = self.before if self.before is not None else readings[:0]
        missing = self.n - 1 - len(known)
        rows = np.concatenate([np.full((missing, readings.shape[1]), np.nan), known, readings])
        part = np.zeros(len(rows), np.int64)
        part[:missing] = -1
        if breaks is not None:
            part[self.n - 1 :] += np.cumsum(breaks)
        found = _sliding(rows, self.n).copy()
        parts = np.lib.stride_tricks.sliding_window_view(part, self.n)
        found[parts != parts[:, -1:]] = np.nan
        self.before = rows[len(readings) :][part[len(readings) :] == part[-1]]
        return found


def window(spec: Spec) -> int:
    """Readings that make an example of such data; 0 where each is one."""
    return spec.shape[0] if spec.kind is Kind.SEQUENCE else 0


def windows(readings: Doubles, n: int) -> Doubles:
    """(N, D) readings one after the other -> (N - n + 1, n, D): all windows that are whole; as they are with n = 0."""
    if not n:
        return readings
    return _sliding(readings, n) if len(readings) >= n else np.zeros((0, n, readings.shape[1]))


def newest(examples: Doubles, n: int) -> Doubles:
    """(N, n, D) windows, or what is said of them, (N, n D) -> (N, D): of their last reading; as they are with n = 0."""
    if not n:
        return examples
    return examples.reshape(len(examples), n, math.prod(examples.shape[1:]) // n)[:, -1]


def are_whole(examples: Doubles) -> NDArray[np.bool_]:
    """(N, *shape) -> (N,): whether all of each are numbers."""
    return np.asarray(np.isfinite(examples.sum(tuple(range(1, examples.ndim)))))


def _sliding(rows: Doubles, n: int) -> Doubles:
    found: Doubles = np.lib.stride_tricks.sliding_window_view(rows, n, axis=0).transpose(0, 2, 1)
    return found
