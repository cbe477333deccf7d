"""Whether an alarm is a sensor whose unit changed: its readings are those from right before, by a constant factor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Alarm
from latentlab.data.files.readings.unit_changes import Conversion, converted

N = 60  # readings before an alarm, and in it, that are compared


@dataclass(frozen=True)
class ChangedSensor:
    """What may have happened to a sensor.

    Attributes:
        column: of the sensor.
        start: the first reading of the alarm.
        conversion: of its readings; from those in the alarm to those before, if `is_back`.
        is_back: the readings became smaller.
    """

    column: int
    start: int
    conversion: Conversion
    is_back: bool


@dataclass
class UnitWatch:
    """Remembers the last `N` normal readings, and the first `N` of the span above the threshold that is open.

    Attributes:
        n_sensors: D.
        normal: (≤ N, D) before the span.
        odd: (≤ N, D) of the span.
    """

    n_sensors: int
    normal: Doubles = field(init=False)
    odd: Doubles = field(init=False)

    def __post_init__(self) -> None:
        self.normal = self.odd = np.zeros((0, self.n_sensors))

    def take(
        self, first: int, readings: Doubles, above: NDArray[np.bool_], ended: Sequence[Alarm], now: Alarm | None
    ) -> Iterator[ChangedSensor]:
        """The sensors whose unit may have changed, when `N` readings of a span are known.

        Args:
            first: the number of the first reading.
            readings: (N, D) the next ones; NaN in one that has no score.
            above: (N,) whether the score is above the threshold.
            ended: the alarms that ended within them.
            now: the span that is open.
        """
        whole, done = np.isfinite(readings).all(1), 0
        for span in (*ended, *([] if now is None else [now])):
            begin, stop = max(span.start - first, 0), min(span.end - first, len(readings))
            if span.start >= first:
                self._normal(readings[done:begin][(whole & ~above)[done:begin]])
                self.odd = self.odd[:0]
            n = len(self.odd)
            self.odd = np.concatenate([self.odd, readings[begin:stop][(whole & above)[begin:stop]]])[:N]
            done = max(done, stop)
            if n < N <= len(self.odd):
                yield from self._changes(span.start)
        if now is None:
            self._normal(readings[done:][(whole & ~above)[done:]])

    def _normal(self, readings: Doubles) -> None:
        if len(readings):
            self.normal = np.concatenate([self.normal, readings[-N:]])[-N:]

    def _changes(self, start: int) -> Iterator[ChangedSensor]:
        for column in range(self.n_sensors):
            before, after = self.normal[:, column], self.odd[:, column]
            if (one := converted(before, after)) is not None:
                yield ChangedSensor(column, start, one, False)
            elif (one := converted(after[::-1], before[::-1])) is not None:
                yield ChangedSensor(column, start, one, True)

    @property
    def state(self) -> dict[str, Any]:
        """As a file holds it."""
        return {"normal": self.normal.tolist(), "odd": self.odd.tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """As a file holds it.

        Raises:
            ValueError, KeyError, TypeError: it isn't one.
        """
        self.normal, self.odd = (
            np.array(state[name], np.float64).reshape(-1, self.n_sensors)[:N] for name in ("normal", "odd")
        )
