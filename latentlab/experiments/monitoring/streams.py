"""Streams of readings with a fault that begins at a known time: a day of the simulated plant, or rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.monitoring.faults import FAULTS, planted
from latentlab.analysis.monitoring.windows import Windows, windows
from latentlab.data.builtin.photovoltaic.plant import (
    CONDITIONS,
    FIRST_DAY,
    HEALTHY,
    LAST_DAY,
    OTHERS,
    Condition,
    simulate,
)
from latentlab.data.builtin.photovoltaic.weather import CLEAR, SKIES, Sky
from latentlab.data.files.readings.times import breaks

NONE = "none"
DAYS_APART = 5  # of the year, between two normal days
EVERY = 6  # minutes between two rows of a normal day: neighbours say the same
SIZE = 3.0  # standard deviations of a sensor: of a planted fault of a table


@dataclass(frozen=True)
class Stream:
    """T readings, one after the other, as examples of a model: each alone, or with those before it in a window.

    Attributes:
        readings: (T, *shape) in the user's units: (T, D), or windows (T, n, D) that end with each reading, with NaN for
            what isn't known before it.
        normal: (T, *shape) what they would be without the fault.
        minute: (T,) of the day; of a table the number of the row.
        begin: the first reading with the fault; T where there is none.
        is_day: whether `minute` is one of a day.
        times: (T,) seconds from 1970; None where they aren't known.
        is_own: whether the readings are the user's own, so that nobody knows when a fault begins.
    """

    readings: Doubles
    normal: Doubles
    minute: Labels
    begin: int
    is_day: bool = False
    times: Doubles | None = None
    is_own: bool = False

    @classmethod
    def of(cls, readings: Doubles, times: Doubles | None, window: int = 0) -> Stream:
        """The user's own readings, (T, D), NaN where there is no number; no window goes across a gap in time."""
        n = len(readings)
        one = np.zeros(n, np.int64)  # file, and series
        gaps = None if times is None else np.concatenate([[False], breaks(times, one, one)])
        examples = Windows(window).take(readings, gaps)
        return cls(examples, examples, np.arange(n), n, times=times, is_own=True)

    @property
    def newest(self) -> Doubles:
        """(T, D): the readings themselves, without those before them."""
        return self.readings[:, -1] if self.readings.ndim == 3 else self.readings


@dataclass(frozen=True)
class Sensor:
    """A fault of one sensor.

    Attributes:
        text: what it is.
        column: which sensor.
        fault: one of `FAULTS`.
        size: in its units.
    """

    text: str
    column: int
    fault: str
    size: float = 0.0


class Source(Protocol):
    """Where streams come from."""

    @property
    def faults(self) -> Mapping[str, str]:
        """The name of each fault -> what it is; `NONE` isn't among them."""

    def normal(self, part: int) -> list[Doubles]:
        """Normal examples (N, *shape) in groups that resemble each other; part 0 and part 1 have none in common."""

    def stream(self, fault: str, place: int, sky: str, share: float) -> Stream:
        """Readings with a fault from a share of them on.

        Args:
            fault: its name, or `NONE`.
            place: where it starts: a day of the year, or a row.
            sky: of a day.
            share: of the readings that are normal, from 0 to 1.
        """


_OF_PLANT = {one.name: one for one in (*CONDITIONS, *OTHERS) if one.added or one.shades or one.snow}
_OF_SENSORS = {
    "G stuck": Sensor("the sensor of the irradiance reads what it read last", 2, "stuck"),
    "T drift": Sensor("the module temperature reads 10 °C more every hour", 4, "drift", 10.0),
}
SKY: Mapping[str, Sky] = MappingProxyType({sky.name: sky for sky in SKIES})


@dataclass(frozen=True)
class PlantDays:
    """Days of the simulated plant, between `FIRST_DAY` and `LAST_DAY` of the year.

    Attributes:
        seed: of all weather.
        window: readings that make an example; 0 where each is one.
    """

    seed: int = 1
    window: int = 0

    @property
    def faults(self) -> Mapping[str, str]:
        """Those of the plant, then those of its sensors."""
        return {name: one.text for name, one in (_OF_PLANT | _OF_SENSORS).items()}

    def normal(self, part: int) -> list[Doubles]:
        """Twelve days under three skies in turn, a row every six minutes."""
        days = range(FIRST_DAY + 2 * part, LAST_DAY, DAYS_APART)
        skies = [SKIES[k % len(SKIES)] for k in range(len(days))]
        return [
            windows(simulate(HEALTHY, day, self._rng(day, 1 + part), sky).readings, self.window)[::EVERY]
            for day, sky in zip(days, skies, strict=True)
        ]

    def stream(self, fault: str, place: int, sky: str, share: float) -> Stream:
        """A day from sunrise to sunset; its weather is the same with any fault but snow."""
        above = SKY.get(sky, CLEAR)
        day = simulate(HEALTHY, place, self._rng(place, 0), above)
        minute, begin = day.weather.minute, min(round(share * len(day.readings)), len(day.readings) - 1)
        if fault in _OF_SENSORS:
            sensor = _OF_SENSORS[fault]
            found = planted(day.readings, sensor.fault, sensor.column, begin, sensor.size)
            return self._stream(found, day.readings, minute, begin)
        condition: Condition | None = _OF_PLANT.get(fault)
        if condition is None:
            return self._stream(day.readings, day.readings, minute, len(minute))
        with_fault = simulate(condition, place, self._rng(place, 0), above).readings
        found = np.concatenate([day.readings[:begin], with_fault[begin:]])
        return self._stream(found, day.readings, minute, begin)

    def _stream(self, readings: Doubles, normal: Doubles, minute: Labels, begin: int) -> Stream:
        found, without = (Windows(self.window).take(one) for one in (readings, normal))
        return Stream(found, without, minute, begin, is_day=True)

    def _rng(self, day: int, use: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, use, day])


@dataclass(frozen=True, eq=False)
class TableRows:
    """The rows of a table, in which a fault of one sensor is planted; or windows of rows, as if each followed the last.

    Attributes:
        readings: (N, D) in the user's units, or (N, n, D).
        names: of the D sensors.
    """

    readings: Doubles
    names: tuple[str, ...]

    @property
    def faults(self) -> Mapping[str, str]:
        """Each of `FAULTS` of each sensor."""
        return {f"{name}: {fault}": f"{fault} of the sensor {name}" for name in self.names for fault in FAULTS}

    def normal(self, part: int) -> list[Doubles]:
        """Every second row."""
        return [self.readings[part::2]]

    def stream(self, fault: str, place: int, sky: str, share: float) -> Stream:  # noqa: ARG002 it has no sky
        """All rows from one on, and from the last on those before it."""
        rows = np.roll(self.readings, -place, 0)
        minute, begin = np.arange(len(rows)), min(round(share * len(rows)), len(rows) - 1)
        places = {f"{name}: {kind}": (column, kind) for column, name in enumerate(self.names) for kind in FAULTS}
        if fault not in places:
            return Stream(rows, rows, minute, len(rows))
        column, kind = places[fault]
        size = SIZE * float(self.readings[..., column].std())
        flat = rows.reshape(-1, rows.shape[-1])
        found = planted(flat, kind, column, begin * (len(flat) // len(rows)), size).reshape(rows.shape)
        return Stream(found, rows, minute, begin)
