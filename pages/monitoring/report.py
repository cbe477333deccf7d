"""The stream that is watched as a report: one page of HTML for whoever has no LatentLab."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Alarm
from latentlab.analysis.monitoring.period import Recorder, Sensor
from latentlab.analysis.monitoring.scores import DRAWS, unit
from latentlab.analysis.monitoring.thresholds import Threshold
from latentlab.analysis.monitoring.windows import window
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import expected_of
from latentlab.figures.monitoring.report import Report, made_by
from latentlab.subjects import StoredRun, Subject
from pages.monitoring.classes import predicted
from pages.monitoring.watched import Chosen, Own, Watched, clock, names, normal_scores
from pages.shared import cached
from pages.shared.downloads import download


def offer_report(
    run: Subject, chosen: Chosen, found: Watched, spans: Sequence[Alarm], threshold: Threshold, n_normal: int
) -> None:
    """A button for the report of what is watched.

    Args:
        run: which watches.
        chosen: what is watched.
        found: the same with its scores.
        spans: its alarms.
        threshold: from which on a score counts.
        n_normal: normal readings that it is taken from.
    """
    make = partial(_report, run, chosen, found, spans, threshold, n_normal)
    download(
        "Report", make, f"monitoring-{run.id}.html", "The alarms, curves and settings on one page to keep or print"
    )


def _report(
    run: Subject, chosen: Chosen, found: Watched, spans: Sequence[Alarm], threshold: Threshold, n_normal: int
) -> str:
    stream, when = found.stream, clock(found.stream, range(len(found.scores)))
    period = Recorder(names(run), threshold.value, len(run.classes))
    period.take(stream.newest, when, found.scores, predicted(run, chosen) if run.classes else None)
    for alarm in spans:
        period.note(alarm, when[alarm.peak_at], _sensors(run, found, alarm.peak_at))
    title = chosen.name if isinstance(chosen, Own) else chosen.fault
    made = made_by(run.run) if isinstance(run, StoredRun) else {"Model": run.title}
    if isinstance(chosen, Own):
        made["Readings"] = f"the file {chosen.name}"
    else:
        settings = ", ".join(f"{name} {value}" for name, value in dataclasses.asdict(chosen).items() if value != "")
        made["Readings"] = f"simulated: {settings}"
    return Report(
        f"{title}, watched by “{run.title}”", period, threshold.rate, n_normal, unit(cached.model(run)),
        partial(_expected, run), run.classes, (), made, bool(window(run.spec)),
    ).html()  # fmt: skip


def _expected(run: Subject, readings: Doubles) -> Doubles:
    scale, usual = cached.examples(run).scale, normal_scores(run).usual
    return expected_of(cached.model(run), readings, scale, DRAWS, generator(1), usual, window(run.spec))


def _sensors(run: Subject, found: Watched, at: int) -> list[Sensor]:
    """Those at a reading, the farthest from what was expected first."""
    every = zip(names(run), found.stream.newest[at], found.mean[at], found.apart(at), strict=True)
    sensors = [Sensor(name, float(read), float(mean), float(apart)) for name, read, mean, apart in every]
    return sorted(sensors, key=lambda one: -abs(one.deviations or 0.0))
