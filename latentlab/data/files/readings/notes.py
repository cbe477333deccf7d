"""What there is to know of the times of readings: from when to when, gaps, and clocks that were set."""

from __future__ import annotations

import numpy as np

from latentlab.data.files.archives import counted, shown
from latentlab.data.files.readings.times import BREAK, DAY, HOUR, Doubles, Index, duration, written

FEW = 0.01  # share of the steps that go back where a clock was set, at most: rows in no order have more
SUNDAY, FIRST_WEEKDAY = 6, 3  # of the days from Monday on; the first of January 1970 was a Thursday
MONTHS = (3, 4, 9, 10, 11)  # in which clocks are set, north and south of the equator
NIGHT = 3.0  # hours from midnight, within which they are


def about_times(name: str, times: Doubles, file: Index) -> tuple[str, ...]:
    """What is said of times, a sentence each.

    A clock that is set back shows as about an hour that comes twice. One that is set forward leaves an hour out, in a
    Sunday's night of spring or autumn; any other time without rows is a gap.

    Args:
        name: of their column.
        times: (N,) seconds from 1970, NaN for none, in the order of the table.
        file: (N,) the number of the file that each is from.
    """
    known = np.isfinite(times)
    times, file = times[known], file[known]
    if not len(times):
        return ()
    order = np.lexsort((times, file))
    notes = [_span(name, times[order], file[order])]
    step = np.diff(times)[np.diff(file) == 0]
    before = times[:-1][np.diff(file) == 0]
    if not (step > 0).any():
        return tuple(notes)
    usual = float(np.median(step[step > 0]))
    near = max(usual / 2, 1.0)
    back = (step < 0) & (np.abs(step + HOUR - usual) <= near)
    if usual < HOUR / 2 and back.any() and (step < 0).sum() <= max(1, FEW * len(step)):
        notes.append(f"The clock was set back an hour, which comes twice, {_times(before[back])}.")
    apart = np.diff(times[order])[np.diff(file[order]) == 0]
    at = times[order][:-1][np.diff(file[order]) == 0]
    gaps = np.flatnonzero(apart > BREAK * usual)
    forward = gaps[(np.abs(apart[gaps] - HOUR - usual) <= near) & _clocks_are_set(at[gaps])]
    if usual < HOUR / 2 and len(forward):
        notes.append(f"An hour is left out as by a clock that is set forward, {_times(at[forward])}.")
        gaps = np.setdiff1d(gaps, forward)
    if len(gaps):
        longest = gaps[apart[gaps].argmax()]
        how_long = f"{duration(round(float(apart[longest]), 3))}, after {written(float(at[longest]))}"
        notes.append(f"{counted(len(gaps), 'gap')} of more than {BREAK:g} usual steps; the longest is {how_long}.")
    return tuple(notes)


def _clocks_are_set(times: Doubles) -> np.ndarray:
    """Whether each is in a night in which clocks are set."""
    days = np.floor(times / DAY).astype(np.int64)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    is_sunday = (days + FIRST_WEEKDAY) % 7 == SUNDAY
    return np.asarray(is_sunday & np.isin(month, MONTHS) & (times % DAY <= NIGHT * HOUR))


def _times(found: Doubles) -> str:
    more = f" and {counted(len(found) - 1, 'time')} more" if len(found) > 1 else ""
    return f"after {written(float(found[0]))}{more}"


def _span(name: str, times: Doubles, file: Index) -> str:
    apart = np.diff(times)[np.diff(file) == 0]
    usual = duration(float(np.median(apart))) if len(apart) else "0 s"
    first, last = written(float(times.min())), written(float(times.max()))
    return f"{shown(name)} is the time: from {first} to {last} (UTC), {usual} apart."
