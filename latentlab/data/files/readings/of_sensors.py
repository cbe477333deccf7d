"""A table of readings for a model that knows its sensors: columns by name, gaps, and the times in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.readings.times import times_of
from latentlab.data.files.readings.unit_changes import about_units
from latentlab.data.files.tables.columns import Table, check_names
from latentlab.data.files.tables.examples import is_table, read_columns

Doubles = NDArray[np.float64]
MOST = 10_080  # readings that are taken: a week of minutes
CLOCK = ("timestamp", "datetime", "time", "date")  # what a column of times is called, that wins over others


@dataclass(frozen=True, eq=False)
class Readings:
    """T readings of D sensors, in the order of their times.

    Attributes:
        numbers: (T, D) as the file has them; NaN where there is no number.
        times: (T,) seconds from 1970, ascending; None where no column tells them.
        notes: what was done, and what is missing, a sentence each.
    """

    numbers: Doubles
    times: Doubles | None
    notes: tuple[str, ...]


def read_readings(name: str, content: bytes, sensors: Sequence[str]) -> Readings:
    """Readings of a table in a file: its columns are found by the names of the sensors.

    Args:
        name: of the file.
        content: of the file.
        sensors: names of the D columns.

    Raises:
        DataError: no table, no column of a sensor, or no reading that is whole.
    """
    called = shown(name)
    if not content:
        raise DataError(f"{called} is empty (0 bytes).")
    if not is_table(name):
        raise DataError(f"{called} is no table by its name: a .csv is.")
    table = read_columns(name, content)
    check_names(sensors, list(table.columns), called)
    numbers = np.stack([_numbers(table, sensor, called) for sensor in sensors], 1)
    times, notes = _times(table, sensors)
    if times is not None:
        rows = np.flatnonzero(np.isfinite(times))
        rows = rows[np.argsort(times[rows], kind="stable")]
        numbers, times = numbers[rows], times[rows]
    if len(numbers) > MOST:
        notes.append(
            f"The first {MOST:,} of {len(numbers):,} readings: the command latentlab monitor takes any number."
        )
        numbers, times = numbers[:MOST], None if times is None else times[:MOST]
    if times is not None:
        with np.errstate(over="ignore"):
            notes += about_units(numbers.astype(np.float32), sensors, times, np.zeros(len(times), np.int64))
    gaps = ~np.isfinite(numbers)
    if gaps.any(1).all():
        raise DataError(f"{called} has no reading with a number of each sensor.")
    if gaps.any():
        where = listing([sensors[k] for k in np.flatnonzero(gaps.any(0)).tolist()])
        notes.append(f"{counted(int(gaps.any(1).sum()), 'reading')} without a number in {where}: no score.")
    return Readings(numbers, times, tuple(notes))


def _numbers(table: Table, sensor: str, called: str) -> Doubles:
    import pandas as pd  # type: ignore[import-untyped]

    values = table.columns[sensor]
    if values.ndim != 1 or table.holds_images(sensor):
        raise DataError(f"{called}: the column {shown(sensor)} doesn't hold a number a row.")
    found = values if values.dtype.kind in "biuf" else pd.to_numeric(pd.Series(values), errors="coerce")
    numbers = np.array(found, np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _times(table: Table, sensors: Sequence[str]) -> tuple[Doubles | None, list[str]]:
    """(N,) seconds from 1970 of the column that tells them, with NaN for nothing, and what is wrong with them."""
    others = {name: values for name, values in table.columns.items() if name not in sensors}
    for name in sorted(others, key=lambda one: one.lower() not in CLOCK):
        times = times_of(name, others[name])
        if times is not None:
            return times, _wrong(name, times)
    called = [name for name in others if name.lower() in CLOCK]
    said = f"{shown(called[0])} isn't read as times: readings are numbered." if called else ""
    return None, [said] if said else []


def _wrong(name: str, times: Values) -> list[str]:
    known, notes = times[np.isfinite(times)], []
    if lost := len(times) - len(known):
        notes.append(f"{counted(lost, 'reading')} without a time in {shown(name)}: left out.")
    if back := int((np.diff(known) < 0).sum()):
        notes.append(f"{shown(name)} goes back {counted(back, 'time')}: readings are sorted by it.")
    if again := len(known) - len(np.unique(known)):
        notes.append(f"{counted(again, 'reading')} of the same time as another.")
    return notes
