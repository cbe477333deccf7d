"""A run at work on readings: what there is to say about them, as they come."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Alarm, Watch
from latentlab.analysis.monitoring.scores import expected, usual_error
from latentlab.analysis.monitoring.unit_watch import UnitWatch
from latentlab.analysis.monitoring.windows import Windows, are_whole, newest, window
from latentlab.cli.monitor_events import happened, unit_changed
from latentlab.cli.monitor_report import PeriodReport
from latentlab.data import Dataset
from latentlab.data.files.readings.growing import Piece
from latentlab.data.files.readings.stream_times import StreamTimes
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import expected_of, finite_scores, to_model, to_user
from latentlab.models import Model

MOST_NUMBERS = 4_000_000  # in windows, at once


@dataclass
class Monitor:
    """A run at work.

    Attributes:
        model: of the run.
        examples: its saved test examples, which say what is normal, and the units.
        draws: of the code of each reading.
        watch: what is remembered of the stream.
        peak: the reading with the highest score of the span that is open, in the user's units, with those before it in
            a window.
        peak_time: its time, if that is known.
        announced: whether the alarm that is open was printed.
        skipped: readings that weren't numbers.
        times: what is remembered of the times.
        units: what is remembered of the readings.
        windows: the last readings, of a run of windows; a gap in time starts them anew.
        report: takes down what is read, where a report is wanted.
    """

    model: Model
    examples: Dataset
    draws: int
    watch: Watch
    peak: list[float] = field(default_factory=list)
    peak_time: str = ""
    announced: bool = False
    skipped: int = 0
    report: PeriodReport | None = None

    def __post_init__(self) -> None:
        self.windows, self.units = Windows(window(self.examples.spec)), UnitWatch(len(self.names))
        self.times = StreamTimes(0.0 if self.windows.n else self.watch.rule.gap + 1.0)
        self.usual = usual_error(self.model, self.examples.batch().x, self.draws, generator(0))

    def take(self, piece: Piece) -> Iterator[dict[str, Any]]:
        """What there is to say about the next readings."""
        for one in self.times.take(piece):
            if isinstance(one, Piece):
                n = max(1, MOST_NUMBERS // (max(1, self.windows.n) * len(self.names)))
                for k in range(0, len(one.numbers), n):
                    yield from self._watched(Piece(one.numbers[k : k + n], one.times[k : k + n]))
                continue
            if one.is_end:
                self.windows = Windows(self.windows.n)
                yield from self.close()
            yield happened(one, self.watch.position)

    def _watched(self, piece: Piece) -> Iterator[dict[str, Any]]:
        first, good = self.watch.position, are_whole(piece.numbers)
        examples = self.windows.take(piece.numbers)
        whole = are_whole(examples)
        found = np.full(len(examples), math.nan)
        found[whole] = finite_scores(self.model, self._x(examples[whole]), self.draws, generator(first))
        if self.report is not None:
            self.report.take(piece, self._x(examples), found)
        if n_bad := int((~good).sum()):
            self.skipped += n_bad
            bad = piece.numbers[~good]
            names = [name for name, column in zip(self.names, bad.T, strict=True) if not np.isfinite(column).all()]
            yield {"event": "skipped", "readings": n_bad, "first": first + int(good.argmin()), "not a number": names}
        before = self.watch.open
        ended = self.watch.take(found)
        for alarm in ended:
            yield self._said("alarm", alarm, examples, piece.times, first)
        now = self.watch.open
        for change in self.units.take(first, piece.numbers, found > self.watch.rule.threshold, ended, now):
            yield unit_changed(change, self.names)
        if now is None or before is None or now.start != before.start:
            self.announced = False
        if now is not None and now.peak_at >= first:
            at = now.peak_at - first
            self.peak, self.peak_time = examples[at].ravel().tolist(), piece.times[at]
        if now is not None and now.n >= self.watch.rule.least and not self.announced:
            self.announced = True
            yield self._said("raised", now, examples, piece.times, first)
        if self.report is not None:
            self.report.period.remember(now)

    def close(self) -> Iterator[dict[str, Any]]:
        """The alarm that is open at the end."""
        for alarm in self.watch.close():
            yield self._said("alarm", alarm, np.zeros((0, *self.examples.shape)), [], self.watch.position)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sensors."""
        return self.examples.names

    def expect(self, readings: Doubles) -> Doubles:
        """(N, D) readings that follow each other -> (N, D) what the model expected instead, in the user's units."""
        scale, n = self.examples.scale, self.windows.n
        return expected_of(self.model, readings, scale, self.draws, generator(0), self.usual, n)

    def say(self, said: dict[str, Any]) -> None:
        """Print what happened, and take it down."""
        print_line(said)
        if self.report is not None:
            self.report.event(said)

    def _x(self, readings: Doubles) -> Tensor:
        return to_model(readings, self.examples.scale)

    def _said(self, event: str, alarm: Alarm, examples: Doubles, times: Sequence[str], first: int) -> dict[str, Any]:
        at, n = alarm.peak_at - first, self.windows.n
        example, when = (examples[at], times[at]) if at >= 0 else (np.array(self.peak), self.peak_time)
        example = example.reshape(1, *self.examples.shape)
        x = self._x(example)
        found = expected(self.model, x, self.draws, generator(0), self.usual)
        mean = newest(to_user(found.mean.reshape(example.shape), self.examples.scale), n)[0]
        far, read = newest(found.apart(x.flatten(1).double().numpy()), n)[0], newest(example, n)[0].tolist()
        sensors = [
            {"name": name, "read": one, "expected": short(should), "deviations": short(apart)}
            for name, one, should, apart in zip(self.names, read, mean, far, strict=True)
        ]
        sensors.sort(key=lambda one: -math.inf if one["deviations"] is None else -abs(one["deviations"]))
        said = {"event": event, **dataclasses.asdict(alarm), "peak": short(alarm.peak)}
        return said | ({"time": when} if when else {}) | {"sensors": sensors}


def print_line(said: dict[str, Any]) -> None:
    """A line of JSON."""
    print(json.dumps(said, ensure_ascii=False), flush=True)


def short(value: float) -> float | None:
    """To six digits, as nobody reads more; None of what JSON has no number for."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
