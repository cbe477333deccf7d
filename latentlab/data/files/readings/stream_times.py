"""The times of a stream of readings: those that come again are left out, gaps and clocks that were set are found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from latentlab.data.files.readings.growing import Piece, as_number
from latentlab.data.files.readings.times import BREAK, DATED, Doubles, Index, dates, iso_times, order, times_of

REMEMBERED, LEAST = 99, 5  # steps from which the usual one is known; and that have to be
MOST_GAPS = 100  # of a piece that are found one by one, the longest
COARSE, ENOUGH = 0.5, 20  # share of readings of the time of the one before, above which times say no more; of how many


@dataclass(frozen=True)
class Event:
    """Something about the times, before the next reading.

    Attributes:
        kind: "gap", "clock", "same time" or "coarse times".
        at: the time of a reading, as it is written.
        n: how many readings it is about.
        seconds: since the reading before; the longest step back of clocks.
        row: of the part of the readings that comes next: where it is.
        is_end: what was before is over.
    """

    kind: str
    at: str
    n: int = 1
    seconds: float = 0.0
    row: int = 0
    is_end: bool = False


@dataclass
class StreamTimes:
    """What is remembered of the times of a stream.

    Attributes:
        longest: usual steps without a reading, of which more are a gap.
        last: seconds from 1970 of the last reading that had a time; NaN before.
        day_first: whether days are written before months; None where it isn't known yet.
        steps: the last ones that went on, in seconds.
        is_coarse: most readings have the time of the one before, so that nothing follows from it.
        n_again: readings that were left out.
    """

    longest: float
    last: float = math.nan
    day_first: bool | None = None
    steps: list[float] = field(default_factory=list)
    is_coarse: bool = False
    n_again: int = 0

    def take(self, piece: Piece) -> Iterator[Event | Piece]:
        """What happened, and the readings in parts between the gaps, in their order."""
        times = self._seconds(piece.times)
        known = np.flatnonzero(np.isfinite(times))
        if not len(known):
            yield piece
            return
        step = np.diff(times[known], prepend=self.last)
        self.last = float(times[known[-1]])
        again = known[step == 0]
        if len(known) >= ENOUGH and not self.is_coarse and len(again) > COARSE * len(known):
            self.is_coarse = True
            yield Event("coarse times", piece.times[again[0]], len(again))
        if self.is_coarse:
            again = again[:0]
        kept = np.delete(np.arange(len(times)), again)
        if len(again):
            self.n_again += len(again)
            row = int(np.searchsorted(kept, again[0]))
            yield Event("same time", piece.times[again[0]], len(again), row=row)
        back = np.flatnonzero(step < 0)
        if len(back):
            at, row = known[back[0]], int(np.searchsorted(kept, known[back[0]]))
            yield Event("clock", piece.times[at], len(back), float(step[back].min()), row)
        yield from self._parts(piece, kept, known, step)

    def _parts(self, piece: Piece, kept: Index, known: Index, step: Doubles) -> Iterator[Event | Piece]:
        on = step > 0
        self.steps = [*self.steps, *step[on].tolist()][-REMEMBERED:]
        gaps = np.zeros(0, np.int64)
        if len(self.steps) >= LEAST:
            gaps = np.flatnonzero(on & (step > max(BREAK, self.longest) * float(np.median(self.steps))))
        gaps = np.sort(gaps[np.argsort(-step[gaps], kind="stable")[:MOST_GAPS]])
        edges = np.searchsorted(kept, known[gaps])
        parts = np.split(kept, edges)
        yield from _part(piece, parts[0], piece.is_new)
        for gap, part in zip(gaps.tolist(), parts[1:], strict=True):
            yield Event("gap", piece.times[known[gap]], 1, float(step[gap]), is_end=True)
            yield from _part(piece, part, "")

    def _seconds(self, words: Sequence[str]) -> Doubles:
        """(N,) seconds from 1970, NaN for none."""
        first = next((word for word in words if word), "")
        if not first:
            return np.full(len(words), math.nan)
        if (exact := iso_times(words)) is not None:
            return exact
        try:
            numbers = np.array(words, np.float64)
        except ValueError:
            if math.isnan(as_number(first)):
                return self._dates(words) if DATED.match(first) else np.full(len(words), math.nan)
            numbers = np.array([as_number(word) for word in words])
        seconds = times_of("time", numbers)
        return np.full(len(words), math.nan) if seconds is None else seconds

    def _dates(self, words: Sequence[str]) -> Doubles:
        if self.day_first is not None:
            return dates([*words], self.day_first)
        month, day = (dates([*words], day_first) for day_first in (False, True))
        months, days = ((int(np.isfinite(one).sum()), order(one)) for one in (month, day))
        if months != days or (months[0] and np.array_equal(month, day, equal_nan=True)):
            self.day_first = days > months
        return day if days > months else month

    @property
    def state(self) -> dict[str, Any]:
        """As a file holds it; NaN has no JSON."""
        return {
            "last": None if math.isnan(self.last) else self.last, "day_first": self.day_first, "steps": self.steps,
            "is_coarse": self.is_coarse, "n_again": self.n_again,
        }  # fmt: skip

    @classmethod
    def of(cls, state: Mapping[str, Any], longest: float) -> StreamTimes:
        """As a file holds it.

        Raises:
            ValueError, KeyError, TypeError: it isn't one.
        """
        last, day_first = state["last"], state["day_first"]
        steps = [float(step) for step in state["steps"]][-REMEMBERED:]
        return cls(
            longest, math.nan if last is None else float(last), None if day_first is None else bool(day_first), steps,
            bool(state["is_coarse"]), int(state["n_again"]),
        )  # fmt: skip


def _part(piece: Piece, rows: Index, is_new: str) -> Iterator[Piece]:
    if len(rows) == len(piece.numbers):
        yield piece
    elif len(rows):
        yield Piece(piece.numbers[rows], [piece.times[k] for k in rows.tolist()], piece.offset, is_new)
