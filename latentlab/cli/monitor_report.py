"""What `latentlab monitor --report` writes: a page about the period that was watched."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Alarm
from latentlab.analysis.monitoring.period import Recorder, Sensor
from latentlab.analysis.monitoring.scores import unit
from latentlab.analysis.stats import Proportion
from latentlab.data.files.readings.growing import Piece
from latentlab.experiments.monitoring.of_run import classes_of
from latentlab.figures.monitoring.report import Report, made_by
from latentlab.models import Classifies, Model
from latentlab.runs.run import Run
from latentlab.serialization import write

KNOWN = ("start", "end", "raised", "skipped")  # what the page says anyway
NOTES = 20  # kinds of what else happened
FLAGS = ("input", "follow", "state", "rate", "threshold", "least", "gap", "draws", "report")


@dataclass(eq=False)
class PeriodReport:
    """Takes down what is watched, and writes it.

    Attributes:
        run: which watches.
        model: of it; it is given the classes of the readings, if it knows any.
        period: what was read.
        promised: the share of normal readings above the threshold; None of a threshold that was given.
        n_normal: normal readings that it is taken from.
        expect: (N, D) readings -> what the model expected instead.
        notes: what else happened -> how often, and where first.
    """

    run: Run
    model: Model
    period: Recorder
    promised: Proportion | None
    n_normal: int
    expect: Callable[[Doubles], Doubles]
    notes: dict[str, tuple[int, str]] = field(default_factory=dict)

    def take(self, piece: Piece, x: Tensor, found: Doubles) -> None:
        """The next readings, as a model sees them (N, *shape), and their (N,) scores, NaN for those without one."""
        y = None
        if isinstance(self.model, Classifies):
            y = classes_of(self.model, x, ~np.isnan(found))
        self.period.take(piece.numbers, piece.times, found, y)

    def event(self, said: Mapping[str, Any]) -> None:
        """One line that was printed."""
        if said["event"] == "alarm":
            alarm = Alarm(*(said[name] for name in ("start", "end", "raised", "peak", "peak_at", "n")))
            sensors = [
                Sensor(*(one[key] for key in ("name", "read", "expected", "deviations"))) for one in said["sensors"]
            ]
            self.period.note(alarm, said.get("time", ""), sensors)
        elif said["event"] not in KNOWN:
            text = said.get("text", said["event"])
            if text in self.notes or len(self.notes) < NOTES:
                n, first = self.notes.get(text, (0, said.get("time") or _reading(said)))
                self.notes[text] = n + 1, first

    def write(self, path: Path, options: argparse.Namespace) -> None:
        """The page, with the command that made it."""
        flags = {name: value for name, value in vars(options).items() if name in FLAGS and value not in (None, False)}
        given = [part for name, value in flags.items() for part in ([f"--{name}"] + [str(value)] * (value is not True))]
        command = shlex.join(["latentlab", "monitor", self.run.id, *given])
        provenance = made_by(self.run) | {"File": _size(options.input), "Command": command}
        title = f"{'Readings' if options.input == '-' else Path(options.input).name}, watched by “{self.run.title}”"
        notes = [
            f"{text} At {at}." if n == 1 else f"{text} {n:,} times, first at {at}."
            for text, (n, at) in self.notes.items()
        ]
        report = Report(
            title, self.period, self.promised, self.n_normal, unit(self.model), self.expect, self.run.classes,
            notes, provenance, len(self.run.shape) > 1,
        )  # fmt: skip
        write(path, report.html().encode())


def _size(name: str) -> str:
    if name == "-":
        return "from a pipe"
    try:
        return f"{name}, {Path(name).stat().st_size:,} bytes when this was written"
    except OSError:
        return f"{name}, which is gone"


def _reading(said: Mapping[str, Any]) -> str:
    return f"reading {said['reading']:,}" if "reading" in said else "the start"
