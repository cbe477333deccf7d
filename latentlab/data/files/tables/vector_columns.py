"""Which columns of a table are the vector: one of lists, a family of names, or all numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.tables.cells import LEAST_NUMBERS
from latentlab.data.files.tables.columns import Table

ROW_COUNTS = ("id", "index", "__index_level_0__", "unnamed: 0", "row", "rownames")
MARKS = ("changepoint", "change_point", "anomaly", "is_anomaly", "anomaly_score", "alarm")  # what became known of a row
FAMILY = 8  # columns of one name and a number: they are the vector, and others aren't
SMALL_FAMILY, TIMES = 3, 3  # the same for a few, if they are so many times more than others


def find_vector(table: Table, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of the vector among these, and what there is to say of the others."""
    listed = sorted((one for one in names if table.holds_lists(one)), key=lambda one: -table.columns[one].shape[1])
    numeric, sparse, counters, marks = [], [], [], []
    for name in names:
        values = table.columns[name]
        if values.ndim > 1 or values.dtype.kind not in "biuf":
            continue
        finite = np.isfinite(values)
        if _counts_rows(name, values):
            counters.append(name)
        elif name.lower() in MARKS and len(names) > 1:
            marks.append(name)
        elif finite.mean() >= LEAST_NUMBERS:
            numeric.append(name)
        elif finite.any():
            sparse.append(name)
    chosen = tuple(listed[:1]) or _family(numeric) or tuple(one for one in numeric if one != table.id)
    rest = [one for one in (*listed[1:], *numeric) if one not in chosen]
    notes = []
    if rest:
        notes.append(f"Not in the vector, which is {_called(chosen)}: {listing(rest)}.")
    if sparse:
        notes.append(
            f"{counted(len(sparse), 'column')} left out, as less than half of it is numbers: {listing(sparse)}."
        )
    if counters:
        notes.append(f"{counted(len(counters), 'column')} left out, as it only counts the rows: {listing(counters)}.")
    if marks:
        notes.append(f"Not in the vector, as it says what became known of a row: {listing(marks)}.")
    return chosen, tuple(notes)


def _called(chosen: Sequence[str]) -> str:
    return shown(chosen[0]) if len(chosen) == 1 else f"{shown(chosen[0])} … {shown(chosen[-1])}"


def _family(numeric: Sequence[str]) -> tuple[str, ...]:
    """Columns whose names differ in a number only, if they are enough to be the vector by themselves."""
    families: dict[tuple[str, str], list[str]] = {}
    for name in numeric:
        if match := re.fullmatch(r"(.*?)(\d+)(\D*)", name):
            families.setdefault((match[1], match[3]), []).append(name)
    together = {name for family in families.values() if len(family) >= SMALL_FAMILY for name in family}
    family = tuple(name for name in numeric if name in together)
    n_others = len(numeric) - len(family)
    if not n_others or (max(map(len, families.values()), default=0) < FAMILY and len(family) < TIMES * n_others):
        return ()
    return family


def check_vector(table: Table, vector: Sequence[str], name: str) -> None:
    """Refuse what is no vector.

    Raises:
        DataError: no column, columns of words, or a column of lists with others.
    """
    if not vector:
        raise DataError(
            f"{name} has no column of numbers and none of lists of numbers; for a table of images, name the column of"
            " their paths with --image."
        )
    several = [one for one in vector if table.holds_lists(one)]
    if several and len(vector) > 1:
        raise DataError(
            f"{name}: {shown(several[0])} holds a whole vector in each cell, so it is the vector by itself."
        )
    for one in vector:
        if table.columns[one].dtype.kind not in "biuf":
            raise DataError(f"{name}: {shown(one)} holds words, and a vector is of numbers.")


def _counts_rows(name: str, values: Values) -> bool:
    """Whether a column is the index that pandas and databases write."""
    if name.lower() not in ROW_COUNTS:
        return False
    return bool(len(values) and (np.diff(values.astype(np.float64)) == 1).all() and values[0] in (0, 1))
