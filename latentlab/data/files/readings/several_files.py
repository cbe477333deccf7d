"""Readings in several files, a table each, as one table: as loggers write them, or as the benchmarks of the field.

SKAB (the Skoltech Anomaly Benchmark): folders of tables between semicolons, with the columns `datetime`, those of eight
sensors, `anomaly` and `changepoint`; the file `anomaly-free` has neither of the last two, and is normal throughout.

NAB (the Numenta Anomaly Benchmark): folders of tables of `timestamp` and `value`, and a file `combined_windows.json`
with the times between which each of them is anomalous.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MIB, counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.readings.times import times_of
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.examples import TEXTS, columns_of

WINDOWS = "combined_windows.json"
RESULTS = "results"  # a folder of NAB: what detectors said
FREE = "anomaly-free"
LABEL, CHANGE = "anomaly", "changepoint"
NORMAL = "normal"
MOST_FILES, MOST_WINDOWS = 2_000, 8 * MIB  # bytes
CLOCKS = 4  # columns from the first on that are looked at for the time


def reading_files(names: Sequence[str]) -> list[str]:
    """Those of the files of a folder that may be readings, a table each; none where there is one or none.

    >>> reading_files(["valve1/0.csv", "valve1/1.csv"]), reading_files(["a.csv"]), reading_files(["a.npy", "b.csv"])
    (['valve1/0.csv', 'valve1/1.csv'], [], [])
    """
    windows = [name for name in names if _last(name) == WINDOWS]
    texts = [name for name in names if name.lower().endswith(TEXTS)]
    if windows:
        texts = [name for name in texts if RESULTS not in name.lower().split("/")[:-1]]
        return [windows[0], *texts] if texts else []
    return texts if 1 < len(texts) == len(names) else []


def readings_joined(paths: Mapping[str, Path], name: str, most: int | None = None) -> Table | None:
    """Tables as one, with a column that says which file a row is from; None where they aren't readings of one kind.

    Args:
        paths: the names of `reading_files` -> where they are.
        name: of the folder or the zip, for messages.
        most: how many rows are read of each; all if None.

    Raises:
        DataError: damaged, too large, too many, or windows of anomalies that are none or of other files.
    """
    if len(paths) > MOST_FILES:
        raise DataError(f"{shown(name)} has {len(paths):,} tables; {MOST_FILES:,} are the most.")
    windows = next((path for one, path in paths.items() if _last(one) == WINDOWS), None)
    texts = {one: path for one, path in paths.items() if path != windows}
    known = None if windows is None else _windows(windows)
    if known is not None:
        of_key = {key: found for key in known if (found := _named(key, texts)) is not None}
        if not of_key:
            raise DataError(f"{shown(name)}: none of the files that {WINDOWS} names is there.")
        texts = {of_key[key]: texts[of_key[key]] for key in of_key}
    tables = {one: columns_of(path, most=most) for one, path in texts.items()}
    time = next((found for table in tables.values() if (found := _time(table))), "")
    others = [one for one, table in tables.items() if time not in table.columns]
    tables = {one: table for one, table in tables.items() if one not in others}
    if not time or (len(tables) < 2 and known is None):
        return None
    if known is not None:
        spans = {of_key[key]: known[key] for key in of_key}
        tables = {one: _with_windows(table, time, spans[one], name) for one, table in tables.items()}
    elif any({LABEL, CHANGE} <= table.columns.keys() for table in tables.values()):
        tables = {one: _in_words(table, one) for one, table in tables.items()}
    notes = [f"Left out, as it has no {shown(time)}: {listing(others)}."] if others else []
    return _stacked(tables, time, notes)


def _time(table: Table) -> str:
    some = [one for one, values in [*table.columns.items()][:CLOCKS] if values.ndim == 1]
    return next((one for one in some if times_of(one, table.columns[one]) is not None), "")


def _stacked(tables: Mapping[str, Table], time: str, others: Sequence[str]) -> Table:
    """The columns that all have, one below the other."""
    first = next(iter(tables.values()))
    shared = [one for one in first.columns if all(one in table.columns for table in tables.values())]
    columns = dict[str, Values]()
    for one in shared:
        parts = [table.columns[one] for table in tables.values()]
        if any(part.ndim > 1 for part in parts):
            continue
        if any(part.dtype.kind == "O" for part in parts):
            parts = [part if part.dtype.kind == "O" else part.astype(str).astype(object) for part in parts]
        columns[one] = np.concatenate(parts)
    of = next(one for one in ("file", "file name", "name of the file") if one not in columns)
    columns[of] = np.repeat(np.array([*tables], object), [table.n_rows for table in tables.values()])
    notes = [f"{counted(len(tables), 'file')} of readings, a table each: {listing([*tables])}.", *others]
    if left := sorted({one for table in tables.values() for one in table.columns} - set(shared)):
        notes.append(f"Left out, as not all of the files have it: {listing(left)}.")
    notes += dict.fromkeys(note for table in tables.values() for note in table.notes)
    return Table(columns, tuple(notes), files=of, time=time)


def _in_words(table: Table, name: str) -> Table:
    """The anomalies of SKAB as words; without a column of them where the file's name says that there are none."""
    columns = dict(table.columns)
    if _last(name).startswith(FREE):
        columns = {LABEL: np.zeros(table.n_rows), CHANGE: np.zeros(table.n_rows), **columns}
    if LABEL in columns and columns[LABEL].dtype.kind in "biuf":
        values = columns[LABEL].astype(np.float64)
        columns[LABEL] = np.where(np.isnan(values), "", np.where(values > 0, LABEL, NORMAL)).astype(object)
    return replace(table, columns=columns)


def _with_windows(table: Table, time: str, windows: Sequence[tuple[float, float]], name: str) -> Table:
    times = times_of(time, table.columns[time])
    if times is None:
        raise DataError(f"{shown(name)}: {shown(time)} isn't the time in each of the tables.")
    inside = np.zeros(table.n_rows, bool)
    for begin, end in windows:
        inside |= (times >= begin) & (times <= end)
    words = np.where(inside, LABEL, NORMAL).astype(object)
    return replace(table, columns={**table.columns, LABEL: words})


def _windows(path: Path) -> dict[str, list[tuple[float, float]]]:
    """The name of a file -> begin and end of its windows, in seconds from 1970."""
    wrong = DataError(f"{WINDOWS} has no lists of windows with a begin and an end for the names of files.")
    if path.stat().st_size > MOST_WINDOWS:
        raise wrong
    try:
        found: Any = json.loads(path.read_bytes())
        pairs = {str(key): [(begin, end) for begin, end in windows] for key, windows in found.items()}
        words = [word for windows in pairs.values() for pair in windows for word in pair]
        times = np.array(words, "datetime64[us]").astype(np.float64) / 1e6 if words else np.zeros(0)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise wrong from error
    if not all(isinstance(word, str) and word.strip() for word in words):
        raise wrong
    rest = iter(times.tolist())
    return {key: [(next(rest), next(rest)) for _ in windows] for key, windows in pairs.items()}


def _named(key: str, names: Mapping[str, Path]) -> str | None:
    """The file of a name in the list of windows: by its end, or without folders where it lies in none."""
    found = [name for name in names if name == key or name.endswith(f"/{key}")]
    return next(iter(found or [name for name in names if name == key.rpartition("/")[2]]), None)


def _last(name: str) -> str:
    return name.lower().rpartition("/")[2]
