"""Tables of readings: rows in the order of their times, parts that are blocks of time, and windows of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import SPLIT_SEED, DataError, Kind
from latentlab.data.files.archives import counted
from latentlab.data.files.arrays import Examples, Values
from latentlab.data.files.splitting import HELD_OUT

Doubles = NDArray[np.float64]
Index = NDArray[np.int64]

DATED = re.compile(r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8}T?\d{2})")  # how a cell with a date begins
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")
STAMPS = ("timestamp", "time", "epoch", "unixtime", "unix_time", "ts", "date", "datetime")  # may be seconds from 1970
EPOCH = (3e8, 5e9)  # seconds from 1970: 1979 to 2128
READ = 0.95  # share of the cells that have to be times
IN_ORDER = 0.99  # share of the steps that don't go back in time, of a table that was written as time went by
DIFFERENT = 0.5  # share of the times that no other row has
DAY, HOUR = 86_400.0, 3_600.0  # seconds
N_BLOCKS, LEAST_ROWS = 20, 100  # of a table, where its days are fewer; and rows for blocks to make sense
GAP = 0.1  # of a block: rows on the near side of a part that is held out, which are in no part
BREAK = 1.5  # steps of usual length between two rows, from which on a window doesn't go across
MOST_NUMBERS = 200_000_000  # in all windows


def times_of(name: str, values: Values) -> Doubles | None:
    """(N,) seconds from 1970, NaN for nothing, of a column of dates or of such seconds; None of any other.

    Args:
        name: of the column.
        values: its cells, as a table has them.
    """
    if values.ndim != 1:
        return None
    if values.dtype.kind in "if":
        return _epoch(np.asarray(values, np.float64)) if name.lower() in STAMPS else None
    words = [word if isinstance(word, str) else "" for word in values.tolist()]
    known = [word for word in words if word.strip()]
    if not known or not all(DATED.match(word) for word in (known[0], known[-1])):
        return None
    if (exact := iso_times(words)) is not None:
        return exact if np.isfinite(exact).sum() >= READ * len(known) else None
    read = [dates(words, day_first) for day_first in (False, True)]
    best = max(read, key=lambda one: (int(np.isfinite(one).sum()), order(one)))
    return best if np.isfinite(best).sum() >= READ * len(known) else None


def iso_times(words: Sequence[str]) -> Doubles | None:
    """(N,) seconds from 1970, NaN for nothing, of times such as 2024-05-01 10:00:00; None where one is none."""
    if not ISO.fullmatch(next((word for word in words if word), "")):
        return None
    try:
        found = np.array(words, "datetime64[us]")
    except ValueError:  # one that is none, or has a zone
        return None
    return np.where(np.isnat(found), np.nan, found.astype(np.int64) / 1e6)


def _epoch(values: Doubles) -> Doubles | None:
    known = values[np.isfinite(values)]
    low, high = EPOCH
    for unit in (1.0, 1e3, 1e6, 1e9):  # seconds, or thousandths of the unit before
        if len(known) and low * unit <= known.min() and known.max() <= high * unit:
            return values / unit
    return None


def dates(words: list[str], day_first: bool) -> Doubles:
    """(N,) seconds from 1970 of dates in words, NaN for what is none."""
    import warnings

    import pandas as pd  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that days and months are read in this order
        read = pd.to_datetime(pd.Series(words), errors="coerce", utc=True, dayfirst=day_first)
    out: Doubles = read.to_numpy("datetime64[ns]").astype("datetime64[us]").astype(np.float64) / 1e6
    out[read.isna().to_numpy()] = np.nan
    return out


def order(times: Doubles) -> float:
    """The share of the steps from row to row that don't go back in time."""
    known = times[np.isfinite(times)]
    return float((np.diff(known) >= 0).mean()) if len(known) > 1 else 0.0


def tells_time(name: str, values: Values) -> bool:
    """Whether a column is the time by its cells: dates in their order, or the newest first, most of them different."""
    times = times_of(name, values)
    if times is None or max(order(times), order(times[::-1])) < IN_ORDER:
        return False
    known = times[np.isfinite(times)]
    return len(np.unique(known)) >= DIFFERENT * len(known) > 1


def in_time(found: Examples, name: str, window: int) -> Examples:
    """Rows divided into parts that are blocks of time, and joined to windows if that is wanted.

    Args:
        found: vectors with their times, which ascend in each file.
        name: of the column of times.
        window: rows that make an example; 0 or 1 for one.

    Raises:
        DataError: no window is whole.
    """
    times, file = np.asarray(found.times), np.asarray(found.file)
    columns = {**found.columns, **_clock(name, times)}
    split = found.split if found.split is not None else _parts(times, file)
    found = found._replace(columns=columns, split=split)
    if window > 1:
        found = _windows(found, window)
    if found.split is None:
        return found
    if left := int((found.split < 0).sum()):
        note = f"{counted(left, 'example')} between the parts are left out, so that no two of them are neighbours."
        found = found.take(found.split >= 0)._replace(notes=(*found.notes, note))
    return found


def _parts(times: Doubles, file: Index) -> Index | None:
    """The blocks of each file; a file of too few rows is learned from, and None where all are."""
    starts = np.flatnonzero(np.diff(file)) + 1
    found = [blocks(part, k) for k, part in enumerate(np.split(times, starts))]
    if all(part is None for part in found):
        return None
    lengths = np.diff(np.concatenate([[0], starts, [len(times)]]))
    return np.concatenate(
        [np.zeros(n, np.int64) if part is None else part for n, part in zip(lengths, found, strict=True)]
    )


def breaks(times: Doubles, file: Index, series: Index) -> NDArray[np.bool_]:
    """(N - 1,): whether a row doesn't follow the one before: another file or series, or after a time without rows."""
    apart, ends = np.diff(times), np.diff(file) != 0
    usual = float(np.median(apart[~ends])) if not ends.all() else 0.0
    out: NDArray[np.bool_] = ends | (np.diff(series) != 0) | (apart > BREAK * usual)
    return out


def blocks(times: Doubles, number: int = 0) -> Index | None:
    """(N,) 0 for training, 1 for validation, 2 for the test, -1 for a gap between them; None of too few rows.

    Blocks are whole days (UTC) where there are enough of them, else `N_BLOCKS` of as many rows. Those that are held out
    are drawn at random (seed 0, and the number), and rows of a gap are taken from the part that is learned from.

    Args:
        times: (N,) seconds, ascending.
        number: of the file: in each, other blocks are held out.
    """
    n = len(times)
    if n < LEAST_ROWS:
        return None
    _, day = np.unique(np.floor(times / DAY), return_inverse=True)
    block = day if day[-1] + 1 >= N_BLOCKS else np.arange(n) * N_BLOCKS // n
    n_blocks = int(block[-1]) + 1
    n_out = max(1, round(HELD_OUT * n_blocks))
    drawn = np.random.default_rng([SPLIT_SEED, number] if number else SPLIT_SEED).permutation(n_blocks)
    of_block = np.zeros(n_blocks, np.int64)
    of_block[drawn[:n_out]], of_block[drawn[n_out : 2 * n_out]] = 2, 1
    part = of_block[block]
    out, gap = part.copy(), max(1, round(GAP * n / n_blocks))
    for edge in np.flatnonzero(np.diff(part)) + 1:
        before, after = part[edge - 1], part[edge]
        near = slice(max(0, edge - gap), edge) if before < after else slice(edge, edge + gap)
        lower = min(before, after)
        out[near] = np.where(part[near] == lower, -1, out[near])
    return out


def _windows(found: Examples, window: int) -> Examples:
    """Each `window` rows that follow each other without a break in one part; the last gives class and columns."""
    if found.split is None:
        raise DataError(f"Windows need at least {LEAST_ROWS} rows, so that no two parts share one.")
    times = np.asarray(found.times)
    is_break = breaks(times, np.asarray(found.file), np.asarray(found.series)) | (np.diff(found.split) != 0)
    run = np.concatenate([[0], np.cumsum(is_break)])
    last = np.arange(window - 1, len(times))
    last = last[run[last] == run[last - window + 1]]
    if not len(last):
        raise DataError(f"No {window} rows follow each other without a break; take a shorter window.")
    if len(last) * window * found.x.shape[1] > MOST_NUMBERS:
        raise DataError(f"Windows of {window} rows are too many numbers for the memory; take a shorter window.")
    whole = np.lib.stride_tricks.sliding_window_view(found.x, window, axis=0)  # (N - window + 1, D, window)
    x = np.ascontiguousarray(whole[last - window + 1].transpose(0, 2, 1))
    note = f"{counted(len(last), 'window')} of {window} rows, none across a break; the last gives class and columns."
    return found.take(last)._replace(x=x, kind=Kind.SEQUENCE, notes=(*found.notes, note))


def _clock(name: str, times: Doubles) -> Mapping[str, Doubles]:
    """Columns to colour by: hours since the first row, and the hour of the day where there are several days."""
    out = {f"{name} (hours)": (times - times.min()) / HOUR}
    hour = times % DAY / HOUR
    if np.ptp(times) > DAY and len(np.unique(hour)) > 1:
        out[f"{name} (hour of day)"] = hour
    return out


def duration(seconds: float) -> str:
    """A length of time in words, to three digits."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (60.0, "minute")):
        if seconds >= unit:
            return f"{float(f'{seconds / unit:.3g}'):g} {name}{'' if seconds == unit else 's'}"
    return f"{float(f'{seconds:.3g}'):g} s"


def written(seconds: float) -> str:
    """A time, seconds from 1970, in words."""
    return str(np.datetime64(round(seconds), "s")).replace("T", " ")
