"""`latentlab monitor`: watch readings with a run, and print alarms as JSON lines."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Alarm, Rule, Watch
from latentlab.analysis.monitoring.period import Recorder
from latentlab.analysis.monitoring.scores import can_score, expected, scores, usual_error
from latentlab.analysis.monitoring.thresholds import at_rate
from latentlab.analysis.monitoring.unit_watch import UnitWatch
from latentlab.analysis.monitoring.windows import Windows, are_whole, newest, window
from latentlab.cli.monitor_events import happened, said_of, unit_changed
from latentlab.cli.monitor_report import PeriodReport
from latentlab.data import DataError, Dataset, Kind
from latentlab.data.files.readings.growing import MARK, GrowingFile, Piece, json_pieces
from latentlab.data.files.readings.stream_times import StreamTimes
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import BEYOND, GAP, LEAST, RATE, day_of, expected_of, to_model, to_user
from latentlab.models import Classifies, Model
from latentlab.runs.store import Store
from latentlab.serialization import RunError, write

EVERY = 1.0  # seconds between two looks at a file that is followed
FORMAT = 3  # of the file of the state
MOST_NUMBERS = 4_000_000  # in windows, at once


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `monitor` takes."""
    text = "a run of a table, or of windows of one: its columns are looked for by their names"
    parser.add_argument("run_id", metavar="RUN", help=text)
    parser.add_argument(
        "--input", required=True, metavar="FILE", help="a CSV file with a row of names; - for JSON lines"
    )
    parser.add_argument("--follow", action="store_true", help="wait for more rows; Ctrl-C ends it")
    text = "where it goes on after a restart: what was read, and the alarm that is open"
    parser.add_argument("--state", type=Path, metavar="FILE", help=text)
    text = (
        f"share of false alarms that the threshold promises, by the test examples saved with the run; default {RATE:g}"
    )
    parser.add_argument("--rate", type=float, default=RATE, help=text)
    parser.add_argument("--threshold", type=float, help="the score above which a reading counts, instead")
    text = f"readings above it that make an alarm; default {LEAST}"
    parser.add_argument("--least", type=int, default=LEAST, help=text)
    text = f"others between two of them that don't end it; default {GAP}"
    parser.add_argument("--gap", type=int, default=GAP, help=text)
    parser.add_argument("--draws", type=int, default=3, help="of the code of a reading; default 3")
    text = "write a report of what was read, one page of HTML, at the end"
    parser.add_argument("--report", type=Path, metavar="FILE", help=text)


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
        first, good = self.watch.position, np.isfinite(piece.numbers.sum(1))
        examples = self.windows.take(piece.numbers)
        whole = are_whole(examples)
        found = np.full(len(examples), math.nan)
        found[whole] = scores(self.model, self._x(examples[whole]), self.draws, generator(first))
        found[whole] = np.nan_to_num(found[whole], nan=BEYOND, posinf=BEYOND)
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
        _print(said)
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
            {"name": name, "read": one, "expected": _short(should), "deviations": _short(apart)}
            for name, one, should, apart in zip(self.names, read, mean, far, strict=True)
        ]
        sensors.sort(key=lambda one: -math.inf if one["deviations"] is None else -abs(one["deviations"]))
        said = {"event": event, **dataclasses.asdict(alarm), "peak": _short(alarm.peak)}
        return said | ({"time": when} if when else {}) | {"sensors": sensors}


def run(options: argparse.Namespace) -> int:
    """Watch readings with a run: each alarm is a JSON line that says when, and which sensor."""
    store = Store.default()
    model, examples = store.load(options.run_id).eval(), store.examples(options.run_id)
    if examples.kind not in (Kind.VECTOR, Kind.SEQUENCE) or not can_score(model) or not examples.names:
        raise RunError(f"{options.run_id} can't watch readings: it takes a run of a table with names, that scores.")
    if options.least < 1 or options.gap < 0 or options.draws < 1:
        raise RunError("--least and --draws are at least 1, --gap at least 0.")
    if options.report is not None and not options.report.absolute().parent.is_dir():
        raise RunError(f"The report can't be written: there is no folder “{options.report.parent}”.")
    value, promised = options.threshold, None
    if value is None:
        normal = scores(model, examples.batch().x, options.draws, generator(0))
        found = at_rate(normal, options.rate, day_of(examples))
        value, promised = found.value, found.rate
    monitor = Monitor(model, examples, options.draws, Watch(Rule(value, options.least, options.gap)))
    start = _restore(monitor, options)
    if options.report is not None:
        classes = len(examples.classes) if isinstance(model, Classifies) else 0
        period = Recorder(monitor.names, value, classes, monitor.watch.position)
        monitor.report = PeriodReport(
            store.read(options.run_id), model, period, promised, len(examples), monitor.expect
        )
    begun: dict[str, Any] = {"event": "start", "run": options.run_id, "threshold": _short(value)}
    begun |= {"reading": monitor.watch.position}
    _print(begun | ({"false alarms": dataclasses.asdict(promised)} if promised else {}))
    n_alarms = 0
    try:
        for piece in _pieces(options, examples.names, *start):
            if piece.is_new:
                monitor.say(said_of(piece.is_new, monitor.watch.position))
            for said in monitor.take(piece):
                n_alarms += said["event"] == "alarm"
                monitor.say(said)
            _keep(monitor, options, piece)
    except KeyboardInterrupt:
        pass
    if options.state is None:
        for said in monitor.close():
            n_alarms += 1
            monitor.say(said)
    end = {"event": "end", "readings": monitor.watch.position, "skipped": monitor.skipped, "alarms": n_alarms}
    end |= {"left out": monitor.times.n_again} if monitor.times.n_again else {}
    _print(end | {"open": monitor.watch.open is not None})
    if monitor.report is not None:
        if (still := monitor.watch.open) is not None:
            text = "Readings at the end are above the threshold, and may become an alarm."
            monitor.report.event({"event": "open", "reading": still.start, "text": text})
        monitor.report.write(options.report, options)
    return 0


def _pieces(options: argparse.Namespace, names: tuple[str, ...], offset: int, mark: tuple[int, int]) -> Iterator[Piece]:
    if options.input == "-":
        yield from json_pieces(sys.stdin, names)
        return
    file = GrowingFile(Path(options.input), names, offset, mark)
    yield from file.pieces(is_last=not options.follow and options.state is None)  # it may go on at half a line
    while options.follow:
        time.sleep(EVERY)
        yield from file.pieces()


def _keep(monitor: Monitor, options: argparse.Namespace, piece: Piece) -> None:
    """Write where it is, at once or not at all."""
    if options.state is None:
        return
    found = {
        "format": FORMAT, "run": options.run_id, "input": options.input,
        "offset": piece.offset, "mark": piece.mark, "times": monitor.times.state, "units": monitor.units.state,
        "position": monitor.watch.position, "skipped": monitor.skipped, "announced": monitor.announced,
        "open": dataclasses.asdict(monitor.watch.open) if monitor.watch.open else None,
        "peak": monitor.peak, "time": monitor.peak_time,
        "before": [] if monitor.windows.before is None else monitor.windows.before.tolist(),
    }  # fmt: skip
    write(options.state, json.dumps(found).encode())


def _restore(monitor: Monitor, options: argparse.Namespace) -> tuple[int, tuple[int, int]]:
    """Go on where the file of the state says; returns the bytes that were read, and the mark of the file.

    Raises:
        DataError: it is of another run or of other readings, or damaged.
    """
    if options.state is None or not options.state.exists():
        return 0, (0, 0)
    try:
        found = json.loads(options.state.read_text("utf-8"))
        known = (found["format"], found["run"], found["input"])
        opened = Alarm(**found["open"]) if found["open"] else None
        monitor.watch.position, monitor.watch.open = int(found["position"]), opened
        monitor.skipped, monitor.announced = int(found["skipped"]), bool(found["announced"])
        monitor.peak, monitor.peak_time = [float(value) for value in found["peak"]], str(found["time"])
        monitor.times = StreamTimes.of(found["times"], monitor.times.longest)
        monitor.units.restore(found["units"])
        monitor.windows.before = np.array(found["before"], np.float64).reshape(-1, len(monitor.names))
        n_marked, checksum = found["mark"]
        start = max(0, int(found["offset"])), (min(max(0, int(n_marked)), MARK), int(checksum))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError("The file of the state can't be used: remove it to start anew.", options.state) from error
    if known != (FORMAT, options.run_id, options.input) or len(monitor.peak) not in (0, monitor.examples.x[0].numel()):
        raise DataError("The file of the state is of another run, or of other readings.", options.state)
    return start


def _print(said: dict[str, Any]) -> None:
    print(json.dumps(said, ensure_ascii=False), flush=True)


def _short(value: float) -> float | None:
    """To six digits, as nobody reads more; None of what JSON has no number for."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
