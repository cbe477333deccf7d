"""Readings in time made even: sorted, without rows of the same time or at rest, resampled, and with gaps filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import counted, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.readings.preparation import Missing, Preparation, SameTime
from latentlab.data.files.readings.times import DAY, MOST_NUMBERS, Doubles, Index, breaks, duration, written
from latentlab.data.files.readings.unit_changes import about_units

Floats = NDArray[np.float32]
MOST_STEPS, STEPS_EACH = 1_000_000, 20  # of any table; and for each of its rows, of a long one
MICRO = 1_000_000  # of a second


@dataclass(frozen=True, eq=False)
class TimedRows:
    """Rows of a table that are readings.

    Attributes:
        x: (N, D) NaN where there is none.
        columns: (N,) each: what isn't part of x.
        times: (N,) seconds from 1970, NaN for none.
        file: (N,) int64: the number of the file that each is from.
        series: (N,) int64, other numbers where something was left out between two rows.
        notes: what was done, a sentence each.
    """

    x: Floats
    columns: Mapping[str, Values]
    times: Doubles
    file: Index
    series: Index
    notes: tuple[str, ...] = ()

    def take(self, rows: Values | slice, *notes: str) -> TimedRows:
        """Some of the rows: a mask, or their numbers; and what there is to say."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        notes = (*self.notes, *notes)
        return TimedRows(self.x[rows], columns, self.times[rows], self.file[rows], self.series[rows], notes)


def prepared(found: TimedRows, time: str, names: Sequence[str], how: Preparation) -> TimedRows:
    """Readings in the order of their files and times, as they are to be prepared.

    In this order: rows of the same time, the step, rows at rest, missing readings. A column that isn't part of x keeps
    the last value of each step. Where a row was left out a series ends, and nothing is filled from one series to the
    next, nor over a time of more than `BREAK` usual steps without a row.

    Args:
        found: in any order.
        time: the column of the times.
        names: of the D numbers.
        how: what is done.

    Raises:
        DataError: no row has a time, no column of numbers says when there is rest, or there are too many steps.
    """
    is_known = np.isfinite(found.times)
    if not is_known.any():
        raise DataError(f"No row has a time in the column {shown(time)}.")
    rows = np.flatnonzero(is_known)
    rows = rows[np.lexsort((found.times[rows], found.file[rows]))]
    notes = []
    if not is_known.all():
        notes.append(f"{counted(int((~is_known).sum()), 'row')} dropped: no time in {shown(time)}.")
    if (np.diff(rows) < 0).any():
        notes.append(f"Rows are sorted by {shown(time)}.")
    if notes:
        found = found.take(rows, *notes)
    found = replace(found, notes=(*found.notes, *about_units(found.x, names, found.times, found.file)))
    found = _once(found, how.same_time)
    if how.step.strip():
        found = _resampled(found, time, how)
    if how.rest:
        found = _at_work(found, names, how)
    return found if how.missing is Missing.DROP else _filled(found, how)


def _once(found: TimedRows, same_time: SameTime) -> TimedRows:
    """Rows of the same time as one, if they shall be."""
    is_first = np.append(True, (np.diff(found.times) != 0) | (np.diff(found.file) != 0))
    if is_first.all():
        return found
    n = counted(int((~is_first).sum()), "row")
    if same_time is SameTime.KEEP:
        return found.take(slice(None), f"{n} of the same time as the one before.")
    if same_time is SameTime.FIRST:
        return found.take(is_first, f"{n} dropped: of the same time as the one before.")
    which = np.cumsum(is_first) - 1
    kept = found.take(is_first, f"{n} of the same time as the one before: their mean is taken.")
    return replace(kept, x=_means(found.x, which, len(kept.times)))


def _means(x: Floats, which: Index, n: int) -> Floats:
    """(n, D): of the rows (N, D) that belong to each of n groups, without what is missing."""
    out = np.empty((n, x.shape[1]), np.float32)
    for k, column in enumerate(x.T.astype(np.float64)):
        good = np.isfinite(column)
        total = np.bincount(which[good], column[good], n)
        with np.errstate(invalid="ignore"):
            out[:, k] = total / np.bincount(which[good], minlength=n)
    return out


def _resampled(found: TimedRows, time: str, how: Preparation) -> TimedRows:
    """Even steps within each file, counted from the first midnight, each called by its beginning."""
    step = how.microseconds
    at = np.rint(found.times * MICRO).astype(np.int64)
    starts = np.flatnonzero(np.diff(found.file, prepend=found.file[0] - 1))
    lengths = np.diff(np.append(starts, len(at)))
    origin = np.floor(found.times[starts] / DAY).astype(np.int64) * int(DAY) * MICRO
    bins = (at - np.repeat(origin, lengths)) // step
    first, last = bins[starts], bins[starts + lengths - 1]
    n_bins = last - first + 1
    total = int(n_bins.sum())
    if total > max(MOST_STEPS, STEPS_EACH * len(at)) or total * found.x.shape[1] > MOST_NUMBERS:
        span = f"from {written(float(found.times.min()))} to {written(float(found.times.max()))}"
        raise DataError(f"Of {how.step.strip()}, there are {total:,} steps {span}: too many; take a longer one.")
    offset = np.concatenate([[0], np.cumsum(n_bins)[:-1]])
    which = bins - np.repeat(first - offset, lengths)
    x = _means(found.x, which, total)
    number = np.arange(total) - np.repeat(offset, n_bins) + np.repeat(first, n_bins)
    times = (np.repeat(origin, n_bins) + number * step) / MICRO
    row = np.full(total, -1)
    row[which] = np.arange(len(at))  # the last one stays
    columns = {name: _spaced(column, row) for name, column in found.columns.items()}
    if time in columns:
        exact = (times * MICRO).round().astype("datetime64[us]")
        words = exact.astype("datetime64[s]" if step % MICRO == 0 else "datetime64[ms]").astype(str)
        columns[time] = np.char.replace(words, "T", " ").astype(object)
    said = f"Resampled to steps of {duration(step / MICRO)}: the mean of readings in each, the last of other columns"
    n_empty = int((row < 0).sum())
    said += f"; {counted(n_empty, 'step')} of {total:,} without any." if n_empty else "."
    file = np.repeat(found.file[starts], n_bins)
    return TimedRows(x, columns, times, file, np.zeros(total, np.int64), (*found.notes, said))


def _spaced(column: Values, row: Index) -> Values:
    """A column by the numbers of its rows, nothing where there is none (-1)."""
    if (row >= 0).all():
        return column[row]
    out = column[row] if column.dtype.kind == "O" else column[row].astype(np.float64)
    out[row < 0] = "" if column.dtype.kind == "O" else np.nan
    return out


def _at_work(found: TimedRows, names: Sequence[str], how: Preparation) -> TimedRows:
    """Without the rows in which a column is low; where one is left out a series ends."""
    column = found.x[:, names.index(how.rest)] if how.rest in names else found.columns.get(how.rest)
    if column is None or column.dtype.kind not in "biuf":
        raise DataError(f"{shown(how.rest)} is no column of numbers, by which rows could be left out.")
    rests = column.astype(np.float64) < how.least
    if rests.all():
        raise DataError(f"{shown(how.rest)} is below {how.least:g} in every row; take a lower value.")
    said = f"{counted(int(rests.sum()), 'row')} of {len(rests):,} dropped: {shown(how.rest)} is below {how.least:g}."
    return replace(found, series=found.series + np.cumsum(rests)).take(~rests, said)


def _filled(found: TimedRows, how: Preparation) -> TimedRows:
    """Missing readings carried on or interpolated for some steps, within what follows without a break."""
    n = len(found.times)
    place, is_break = np.arange(n), breaks(found.times, found.file, found.series)
    start = np.maximum.accumulate(np.where(np.append(True, is_break), place, 0))
    end = np.minimum.accumulate(np.where(np.append(is_break, True), place, n)[::-1])[::-1]
    x, n_filled = found.x.copy(), 0
    for k in range(x.shape[1]):
        known = np.isfinite(x[:, k])
        last = np.maximum.accumulate(np.where(known, place, -1))
        to_fill = ~known & (last >= start) & (place - last <= how.most)
        if how.missing is Missing.INTERPOLATE:
            after = np.minimum.accumulate(np.where(known, place, n)[::-1])[::-1]
            to_fill &= after <= end
        at = np.flatnonzero(to_fill)
        value = x[last[at], k].astype(np.float64)
        if how.missing is Missing.INTERPOLATE:
            before, behind = found.times[last[at]], found.times[after[at]]
            span = behind - before
            share = np.divide(found.times[at] - before, span, out=np.zeros(len(at)), where=span > 0)
            value += share * (x[after[at], k] - value)
        x[at, k] = value
        n_filled += len(at)
    what = "carried on" if how.missing is Missing.CARRY else "interpolated in time"
    said = f"{counted(n_filled, 'missing reading')} filled: {what}, for at most {counted(how.most, 'step')}."
    return replace(found, x=x, notes=(*found.notes, said) if n_filled else found.notes)
