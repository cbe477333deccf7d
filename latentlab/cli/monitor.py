"""`latentlab monitor`: watch readings with a run, and print alarms as JSON lines."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from latentlab.analysis.monitoring.alarms import Alarm, Rule, Watch
from latentlab.analysis.monitoring.period import Recorder
from latentlab.analysis.monitoring.scores import can_score, scores
from latentlab.analysis.monitoring.thresholds import at_rate
from latentlab.cli.monitor_events import said_of
from latentlab.cli.monitor_report import PeriodReport
from latentlab.cli.monitored import Monitor, print_line, short
from latentlab.data import DataError, Kind
from latentlab.data.files.readings.growing import MARK, GrowingFile, Piece, json_pieces
from latentlab.data.files.readings.stream_times import StreamTimes
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import GAP, LEAST, RATE, day_of
from latentlab.models import Classifies
from latentlab.runs.store import Store
from latentlab.serialization import RunError, write

EVERY = 1.0  # seconds between two looks at a file that is followed
FORMAT = 3  # of the file of the state


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
    begun: dict[str, Any] = {"event": "start", "run": options.run_id, "threshold": short(value)}
    begun |= {"reading": monitor.watch.position}
    print_line(begun | ({"false alarms": dataclasses.asdict(promised)} if promised else {}))
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
    print_line(end | {"open": monitor.watch.open is not None})
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
