"""A period of a stream in bounded memory: curves in buckets that lose no peak, and the strongest alarms closely."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.monitoring.alarms import Alarm

BUCKETS = 1_024  # at the most, of readings that follow each other; an even number
LISTED = 50  # alarms, the strongest; the others are counted
CLOSELY = 10  # of them, with the readings around the peak
AROUND = 60  # readings on both sides of a peak


@dataclass(frozen=True)
class Sensor:
    """One sensor at the peak of an alarm.

    Attributes:
        name: of it.
        read: in the user's units.
        expected: in the same; None where the model says no number.
        deviations: how far apart both are, in standard deviations; None where they are beyond numbers.
    """

    name: str
    read: float
    expected: float | None
    deviations: float | None


@dataclass(frozen=True, eq=False)
class Around:
    """Readings around the peak of an alarm.

    Attributes:
        first: where they begin.
        readings: (N, D) in the user's units.
        scores: (N,).
    """

    first: int
    readings: Doubles
    scores: Doubles

    def with_more(self, position: int, readings: Doubles, scores: Doubles, end: int) -> Around:
        """Those at the end of which the next ones begin, up to an end."""
        n = end - position
        if n <= 0 or self.first + len(self.readings) != position:
            return self
        return Around(
            self.first, np.concatenate([self.readings, readings[:n]]), np.concatenate([self.scores, scores[:n]])
        )


@dataclass(frozen=True, eq=False)
class Noted:
    """An alarm of the period.

    Attributes:
        alarm: where it is.
        begin, end, peak: the times of its first, its last and its strangest reading; empty where none are known.
        sensors: at the peak, the farthest from what was expected first.
        around: the readings around it; None of one that isn't looked at closely.
    """

    alarm: Alarm
    begin: str
    end: str
    peak: str
    sensors: tuple[Sensor, ...]
    around: Around | None = None


@dataclass(eq=False)
class Buckets:
    """Readings that follow each other, in at most `most` buckets: a bucket grows to twice its size when all are full.

    Attributes:
        n_sensors: D.
        most: buckets; even.
        size: readings of one.
        n: readings so far.
        top: (most,) the highest score; NaN where there is none.
        at: (most,) which reading has it, counted from the first.
        strangest: (most, D) that reading.
        low, high: (most, D) of all readings of the bucket.
    """

    n_sensors: int
    most: int = BUCKETS
    size: int = 1
    n: int = 0
    top: Doubles = field(init=False)
    at: Labels = field(init=False)
    strangest: Doubles = field(init=False)
    low: Doubles = field(init=False)
    high: Doubles = field(init=False)

    def __post_init__(self) -> None:
        self.top, self.at = np.full(self.most, math.nan), np.zeros(self.most, np.int64)
        self.strangest, self.low, self.high = (np.full((self.most, self.n_sensors), math.nan) for _ in range(3))

    def take(self, readings: Doubles, scores: Doubles) -> None:
        """The next (N, D) readings with their (N,) scores, NaN for those that have none."""
        if not len(readings):
            return
        while self.n + len(readings) > self.most * self.size:
            self._halve()
        bucket = (self.n + np.arange(len(readings))) // self.size
        starts = np.flatnonzero(np.diff(bucket, prepend=-1))
        which, ends = bucket[starts], np.append(starts[1:], len(bucket)) - 1
        known = np.where(np.isnan(scores), -math.inf, scores)
        best = np.lexsort((-np.arange(len(known)), known, bucket))[ends]  # the highest of each, the first of equals
        higher = known[best] > np.where(np.isnan(self.top[which]), -math.inf, self.top[which])
        better, best = which[higher], best[higher]
        self.top[better], self.at[better], self.strangest[better] = known[best], self.n + best, readings[best]
        self.low[which] = np.fmin(self.low[which], np.fmin.reduceat(readings, starts))
        self.high[which] = np.fmax(self.high[which], np.fmax.reduceat(readings, starts))
        self.n += len(readings)

    @property
    def used(self) -> int:
        """Buckets with readings."""
        return -(-self.n // self.size)

    def _halve(self) -> None:
        first = 2 * np.arange(self.most // 2)
        scores = np.where(np.isnan(self.top), -math.inf, self.top).reshape(-1, 2)
        best = first + scores.argmax(1)
        low, high = (np.fmin(self.low[first], self.low[first + 1]), np.fmax(self.high[first], self.high[first + 1]))
        old, n = (self.top[best], self.at[best], self.strangest[best]), self.n
        self.__post_init__()
        k = len(best)
        self.top[:k], self.at[:k], self.strangest[:k] = old
        self.low[:k], self.high[:k], self.size, self.n = low, high, 2 * self.size, n


@dataclass(eq=False)
class Recorder:
    """What a report says of a stream, taken down as it comes.

    Attributes:
        names: of the D sensors.
        threshold: above which a score counts.
        n_classes: of a model that classifies; else 0.
        position: of the next reading, counted from the start of the stream.
        first: of the first that was taken.
        begin, end: the times of the first and of the last reading.
        n_above: readings above the threshold.
        n_skipped: readings without a score.
        missing: (D,) how many of them have no number of each sensor.
        classes: (n_classes, 2) readings of each class, those above the threshold apart.
        n_alarms: all of them.
        blamed: name of a sensor -> of how many alarms it is the farthest from what was expected.
    """

    names: Sequence[str]
    threshold: float
    n_classes: int = 0
    position: int = 0
    first: int = field(init=False)
    begin: str = ""
    end: str = ""
    n_above: int = 0
    n_skipped: int = 0
    n_alarms: int = 0
    blamed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        d = len(self.names)
        self.first, self.buckets = self.position, Buckets(d)
        self.missing, self.classes = np.zeros(d, np.int64), np.zeros((self.n_classes, 2), np.int64)
        self._noted = list[Noted]()
        self._open: tuple[Alarm, str, Around] | None = None  # the time of its start, what is around its peak so far
        self._last = self._before = (-1, "")  # the last two that ended a piece above the threshold, and their times
        self._began = self.position
        self._times: Sequence[str] = ()
        self._readings, self._scores = np.zeros((0, d)), np.zeros(0)  # the piece, and before it what `Around` needs

    def take(self, readings: Doubles, times: Sequence[str], scores: Doubles, y: Labels | None = None) -> None:
        """The next readings, before the alarms that end in them.

        Args:
            readings: (N, D) in the user's units.
            times: (N,) of them.
            scores: (N,), NaN for one that was skipped.
            y: (N,) the most probable class of each; any for one that was skipped.
        """
        if not len(readings):
            return
        self.begin = self.begin or times[0]
        self.end = times[-1] or self.end
        is_skipped = np.isnan(scores)
        is_above = np.nan_to_num(scores, nan=-math.inf) > self.threshold
        self.n_above += int(is_above.sum())
        self.n_skipped += int(is_skipped.sum())
        self.missing += (~np.isfinite(readings[is_skipped])).sum(0)
        if y is not None:
            for column, rows in enumerate((~is_skipped & ~is_above, is_above)):
                self.classes[:, column] += np.bincount(y[rows], minlength=self.n_classes)
        self.buckets.take(readings, scores)
        self._noted = [self._extended(one, readings, scores) for one in self._noted]
        if self._open is not None:
            alarm, time, around = self._open
            around = around.with_more(self.position, readings, scores, alarm.peak_at + AROUND + 1)
            self._open = alarm, time, around
        kept = slice(max(0, len(self._readings) - AROUND), None)
        self._readings = np.concatenate([self._readings[kept], readings])
        self._scores = np.concatenate([self._scores[kept], scores])
        self._began, self._times = self.position, times
        self.position += len(readings)
        if is_above.any():
            k = int(np.flatnonzero(is_above)[-1])
            self._before, self._last = self._last, (self._began + k, times[k])

    def note(self, alarm: Alarm, peak: str, sensors: Sequence[Sensor]) -> None:
        """An alarm that ended in what was taken last.

        Args:
            alarm: which.
            peak: its time.
            sensors: at the peak.
        """
        self.n_alarms += 1
        if sensors:
            self.blamed[sensors[0].name] = self.blamed.get(sensors[0].name, 0) + 1
        self._noted.append(
            Noted(alarm, self._time(alarm.start), self._time(alarm.end - 1), peak, tuple(sensors), self._around(alarm))
        )
        self._noted.sort(key=lambda one: -one.alarm.peak)
        self._noted = self._noted[:LISTED]
        for k in range(CLOSELY, len(self._noted)):
            self._noted[k] = dataclasses.replace(self._noted[k], around=None)

    def remember(self, alarm: Alarm | None) -> None:
        """The span that goes on after what was taken last."""
        self._open = None if alarm is None else (alarm, self._time(alarm.start), self._around(alarm))

    def alarms(self) -> list[Noted]:
        """The strongest, in the order of time; the first `CLOSELY` of them by their peaks have what is around."""
        return sorted(self._noted, key=lambda one: one.alarm.start)

    def _extended(self, one: Noted, readings: Doubles, scores: Doubles) -> Noted:
        if one.around is None or one.alarm.peak_at + AROUND < self.position:
            return one
        more = one.around.with_more(self.position, readings, scores, one.alarm.peak_at + AROUND + 1)
        return dataclasses.replace(one, around=more)

    def _time(self, at: int) -> str:
        if at >= self._began:
            return self._times[at - self._began] if at - self._began < len(self._times) else ""
        known = dict([self._last, self._before])
        if self._open is not None:
            known[self._open[0].start] = self._open[1]
        return known.get(at, "")

    def _around(self, alarm: Alarm) -> Around:
        origin = self.position - len(self._readings)
        if self._open is not None and self._open[0].peak_at == alarm.peak_at:
            return self._open[2]
        here = slice(max(0, alarm.peak_at - AROUND - origin), max(0, alarm.peak_at + AROUND + 1 - origin))
        return Around(origin + here.start, self._readings[here].copy(), self._scores[here].copy())
