"""A report of a period that was watched: one page of HTML, which fetches nothing and prints on paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.period import AROUND, Noted, Recorder, Sensor
from latentlab.analysis.monitoring.verdict import of_period
from latentlab.analysis.stats import Proportion
from latentlab.figures.monitoring.panels import Panel, Span, axis
from latentlab.figures.monitoring.report_style import style
from latentlab.figures.monitoring.stream import asinh_ticks
from latentlab.jobs.queue import now
from latentlab.runs.run import Run
from latentlab.settings import VERSION

DRAWN = 8  # sensors over the period: those that alarms name most often come first
BLAMED = 3  # sensors of an alarm in the table, and of an alarm closely
NONE = "–"


@dataclass(frozen=True, eq=False)
class Report:
    """What is reported.

    Attributes:
        title: of the page.
        period: what was taken down.
        promised: the share of normal readings above the threshold, with its band; None where nothing promises it.
        n_normal: normal readings that it is taken from.
        unit: of the scores.
        expect: (N, D) readings that follow each other, in the user's units -> (N, D) what the model expected instead,
            NaN where a reading isn't whole.
        classes: names, of a model that classifies.
        notes: what else happened to the readings.
        provenance: what -> how it was made.
        of_windows: what is expected of a reading depends on those before it.
    """

    title: str
    period: Recorder
    promised: Proportion | None
    n_normal: int
    unit: str
    expect: Callable[[Doubles], Doubles]
    classes: Sequence[str] = ()
    notes: Sequence[str] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    of_windows: bool = False

    def html(self) -> str:
        """All of it as one page."""
        period, alarms = self.period, self.period.alarms()
        closely = sorted((one for one in alarms if one.around is not None), key=lambda one: -one.alarm.peak)
        n = period.buckets.n - period.n_skipped
        strongest = closely[0] if closely else None
        verdict = of_period(n, period.n_above, period.n_alarms, period.threshold, self.promised, strongest)
        parts = [
            f'<h1>{escape(self.title)}</h1><p class="verdict">{escape(verdict)}</p>',
            _facts(self._period()), self._picture(alarms),
            f"<h2>Alarms</h2>{self._alarms(alarms)}{self._sensors()}{self._by_class()}",
            "<h2>The strongest alarms</h2>" if closely else "", *(self._closely(one) for one in closely),
            f"<h2>How it was made</h2>{_facts(self.provenance)}",
        ]  # fmt: skip
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(self.title)}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{style()}</style></head><body>{''.join(parts)}</body></html>\n"
        )

    def _period(self) -> dict[str, str]:
        period, promised = self.period, self.promised
        n, known = period.buckets.n, period.buckets.n - period.n_skipped
        first = f"readings {period.first:,} to {period.position - 1:,}" if n else NONE
        facts = {"Period": f"{period.begin} to {period.end}, {first}" if period.begin else first, "Readings": f"{n:,}"}
        if period.n_skipped:
            why = ", ".join(
                f"{name} ({count:,})"
                for name, count in zip(period.names, period.missing.tolist(), strict=True)
                if count
            )
            facts["Skipped"] = f"{period.n_skipped:,}; no number in {why}"
        else:
            facts["Skipped"] = "0"
        facts["Threshold"] = f"{period.threshold:.6g} {self.unit}"
        if promised is not None:
            facts["Promised false alarms"] = (
                f"{promised.value:.2%} of normal readings ({promised.low:.2%} to {promised.high:.2%}), by "
                f"{self.n_normal:,} of them"
            )
        facts["Above the threshold"] = f"{period.n_above:,}" + (f" ({period.n_above / known:.2%})" if known else "")
        facts["Alarms"] = f"{period.n_alarms:,}"
        return facts | ({"Notes": " ".join(self.notes)} if self.notes else {})

    def _picture(self, alarms: Sequence[Noted]) -> str:
        period, buckets = self.period, self.period.buckets
        n = buckets.used
        if not n:
            return "<p>There are no readings.</p>"
        x = period.first + buckets.at[:n].astype(np.float64)
        low, high = float(period.first), float(period.position - 1)
        spans = [
            Span(one.alarm.start, one.alarm.end - 1, _when(one), f"#at-{one.alarm.start}" if one.around else "")
            for one in alarms
        ]
        rows = buckets.strangest[:n]
        has_expected = not self.of_windows or buckets.size == 1
        expected = self.expect(rows) if has_expected else np.full_like(rows, np.nan)
        shown = self._drawn(rows)
        panels = [
            Panel(
                period.names[k], low, high, x, {"expected": expected[:, k], "read": rows[:, k]},
                f"{period.names[k]} over the period", spans=spans,
                band=(buckets.low[:n, k], buckets.high[:n, k]) if buckets.size > 1 else None,
            ).html()
            for k in shown
        ]  # fmt: skip
        top = np.arcsinh(buckets.top[:n])
        level = float(np.arcsinh(period.threshold))
        known = buckets.top[:n][np.isfinite(buckets.top[:n])]
        marks = asinh_ticks(np.append(known, period.threshold))
        ticks = [float(at) for at in marks["tickvals"]], [str(word) for word in marks["ticktext"]]
        score = Panel(
            f"score, {self.unit}: how strange, and the threshold", low, high, x, {"score": top}, "The score",
            spans=spans, level=level, ticks=ticks,
        )  # fmt: skip
        words = [period.begin or f"{period.first:,}", *([] if period.begin else ["reading"])]
        words.append(period.end or f"{period.position - 1:,}")
        left = len(period.names) - len(shown)
        caption = f"Solid: read; {'dotted: what the model expected; ' * has_expected}shaded: alarms."
        if buckets.size > 1:
            caption += (
                f" A point stands for {buckets.size:,} readings: it is the one with the highest score. The band behind "
                "goes from their lowest to their highest."
            )
        if left:
            caption += f" {left:,} more sensors aren't drawn."
        return (
            f'<h2>The period</h2><figure><div class="scores">{score.html()}</div>{"".join(panels)}{axis(words)}'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )

    def _drawn(self, rows: Doubles) -> list[int]:
        """Which sensors are drawn, in their order: those that alarms name most often, then those that vary most."""
        varied = np.nan_to_num(np.nanstd(rows[np.isfinite(rows).all(1)], 0)) if np.isfinite(rows).all(1).any() else None
        names = self.period.names
        order = sorted(
            range(len(names)),
            key=lambda k: (-self.period.blamed.get(names[k], 0), 0.0 if varied is None else -float(varied[k])),
        )
        return sorted(order[:DRAWN])

    def _alarms(self, alarms: Sequence[Noted]) -> str:
        if not alarms:
            return "<p>There are none.</p>"
        head = ("begins", "ends", "readings above", "peak", "at", "sensors: read, expected (deviations)")
        rows = [
            [
                _cell(_link(one, one.begin or f"{one.alarm.start:,}")),
                _cell(escape(one.end or f"{one.alarm.end - 1:,}")),
                _number(f"{one.alarm.n:,}"),
                _number(f"{one.alarm.peak:.6g}"),
                _cell(escape(one.peak or f"{one.alarm.peak_at:,}")),
                _cell("<br>".join(_sensor(sensor) for sensor in one.sensors[:BLAMED])),
            ]
            for one in alarms
        ]
        rest = self.period.n_alarms - len(alarms)
        text = f'<p class="small">The {len(alarms):,} strongest are listed; {rest:,} more aren\'t.</p>' if rest else ""
        return _table(head, rows) + text

    def _sensors(self) -> str:
        blamed = sorted(self.period.blamed.items(), key=lambda one: -one[1])
        if len(blamed) < 2:
            return ""
        rows = [[_cell(escape(name)), _number(f"{count:,}")] for name, count in blamed[: 2 * DRAWN]]
        return "<h2>Which sensors</h2>" + _table(("farthest from what was expected", "alarms"), rows)

    def _by_class(self) -> str:
        found = self.period.classes
        if not len(found) or not found.sum():
            return ""
        rows = [
            [_cell(escape(self.classes[k])), _number(f"{usual:,}"), _number(f"{unknown:,}")]
            for k, (usual, unknown) in enumerate(found.tolist())
            if usual + unknown
        ]
        head = ("class", "readings", "too strange for any class, this one nearest")
        return "<h2>Classes</h2>" + _table(head, rows)

    def _closely(self, one: Noted) -> str:
        around, names = one.around, list(self.period.names)
        if around is None or not len(around.readings):
            return ""
        x = around.first + np.arange(len(around.readings), dtype=np.float64)
        low, high = float(x[0]), float(x[-1])
        spans = [Span(max(low, one.alarm.start), min(high, one.alarm.end - 1), _when(one))]
        expected = self.expect(around.readings)
        shown = [names.index(sensor.name) for sensor in one.sensors[:BLAMED]]
        panels = [
            Panel(
                names[k], low, high, x, {"expected": expected[:, k], "read": around.readings[:, k]},
                f"{names[k]} around the alarm", spans=spans,
            ).html()
            for k in shown
        ]  # fmt: skip
        words = "; ".join(_sensor(sensor) for sensor in one.sensors[:BLAMED])
        return (
            f'<section class="alarm" id="at-{one.alarm.start}"><h3>{escape(_when(one))}, peak {one.alarm.peak:.6g}</h3>'
            f'<p class="small">{words}. Up to {AROUND} readings before and after the peak.</p>{"".join(panels)}'
            f"{axis([f'reading {int(low):,}', f'{int(high):,}'])}</section>"
        )


def made_by(run: Run) -> dict[str, str]:
    """Which run watched, how it was trained, when, and by which versions: provenance of a report."""
    return {
        "Run": f"{run.id}: {run.title}, {run.model}",
        "Trained": f"on {run.dataset}, {run.created}",
        "Normal readings": f"the test examples saved with it {run.examples}".strip(),
        "Seed": f"{run.train.get('seed', 0)} of the training; those of the draws are fixed",
        "Written": now(),
        "Versions": f"LatentLab {VERSION}, PyTorch {version('torch')}, NumPy {version('numpy')}",
    }


def _when(one: Noted) -> str:
    first, last = one.begin or f"reading {one.alarm.start:,}", one.end or f"{one.alarm.end - 1:,}"
    return f"{first} to {last}" if one.alarm.end - one.alarm.start > 1 else first


def _link(one: Noted, text: str) -> str:
    return f'<a href="#at-{one.alarm.start}">{escape(text)}</a>' if one.around is not None else escape(text)


def _sensor(one: Sensor) -> str:
    expected = NONE if one.expected is None else f"{one.expected:.4g}"
    apart = "beyond numbers" if one.deviations is None else f"{one.deviations:+.1f}"
    return f"{escape(one.name)}: {one.read:.4g}, {expected} ({apart})"


def _facts(values: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in values.items())
    return f'<table class="facts">{rows}</table>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    wide = ' class="wide"' * (len(head) > BLAMED)
    return f'<div class="scroll"><table{wide}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(content: str) -> str:
    return f"<td>{content}</td>"


def _number(text: str) -> str:
    return f'<td class="n">{text}</td>'
