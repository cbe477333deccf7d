"""Alarms: spans of scores above a threshold in a stream, found as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentlab.analysis.arrays import Doubles


@dataclass(frozen=True)
class Alarm:
    """Scores above the threshold, one after the other.

    Attributes:
        start: the first of them, counted from the start of the stream.
        end: the one after the last of them.
        raised: with which it became an alarm: it is long enough from there on.
        peak: the highest score.
        peak_at: where that is.
        n: how many are above.
    """

    start: int
    end: int
    raised: int
    peak: float
    peak_at: int
    n: int


@dataclass(frozen=True)
class Rule:
    """What an alarm is.

    Attributes:
        threshold: scores above it count.
        least: so many of them make an alarm.
        gap: so many others between two of them don't end it.
    """

    threshold: float
    least: int = 1
    gap: int = 0


@dataclass
class Watch:
    """Watches a stream; between two pieces of it this is all that is remembered.

    Attributes:
        rule: what an alarm is.
        position: scores so far.
        open: the span that may go on.
    """

    rule: Rule
    position: int = 0
    open: Alarm | None = None

    def take(self, scores: Doubles) -> list[Alarm]:
        """The alarms that ended within the next (N,) scores; NaN is no score above anything."""
        ended, rule = list[Alarm](), self.rule
        for k in np.flatnonzero(scores > rule.threshold).tolist():
            at, score = self.position + k, float(scores[k])
            if self.open is not None and at - self.open.end > rule.gap:
                ended += self.close()
            self.open = _longer(self.open, at, score, rule.least)
        self.position += len(scores)
        if self.open is not None and self.position - self.open.end > rule.gap:
            ended += self.close()
        return ended

    def close(self) -> list[Alarm]:
        """The span that was open, if it is an alarm, at the end of the stream."""
        last, self.open = self.open, None
        return [last] if last is not None and last.n >= self.rule.least else []


def _longer(span: Alarm | None, at: int, score: float, least: int) -> Alarm:
    if span is None:
        return Alarm(at, at + 1, at, score, at, 1)
    longer = replace(span, end=at + 1, n=span.n + 1)
    if span.n < least:
        longer = replace(longer, raised=at)
    return replace(longer, peak=score, peak_at=at) if score > span.peak else longer


def alarms(scores: Doubles, rule: Rule) -> list[Alarm]:
    """All alarms of (N,) scores."""
    watch = Watch(rule)
    return [*watch.take(scores), *watch.close()]


def delay(found: Sequence[Alarm], begin: int) -> int | None:
    """How many readings after a fault begins the first alarm is raised; None where none is."""
    since = [max(0, alarm.raised - begin) for alarm in found if alarm.end > begin]
    return min(since, default=None)
