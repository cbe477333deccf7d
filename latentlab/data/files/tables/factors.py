"""Which columns of the user's file made the examples, and the levels of each: factors that a code is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from latentlab.data.dataset import DataError, Factors, FactorValues
from latentlab.data.files.archives import counted, listing, shown
from latentlab.data.files.arrays import Values
from latentlab.data.files.tables.columns import check_names
from latentlab.data.files.tables.labels import plain
from latentlab.data.files.tables.roles import MAX_CLASSES, called_factors

MOST_NAMED = 8  # in a sentence
SEVERAL = 2  # examples of a level, on average, at least


def choose_factors(
    columns: Mapping[str, Values], requested: Sequence[str] | None, name: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that are factors, and what there is to say of them.

    Args:
        columns: (N,) each.
        requested: columns, or arrays of which each column is one; None for those that are factors by their names, as
            far as they can be.
        name: of the file, for messages.

    Raises:
        DataError: a column that isn't there, or that can't be a factor.
    """
    found, notes = list[str](), list[str]()
    for one in called_factors(list(columns)) if requested is None else requested:
        parts = [one] if one in columns else [column for column in columns if column.startswith(f"{one}[")]
        check_names([one] if not parts else [], list(columns), name)
        unfit = {part: why for part in parts if (why := _unfit(columns[part]))}
        if requested is not None and len(unfit) == len(parts):
            part, why = next(iter(unfit.items()))
            raise DataError(f"{name}: {shown(part)} can't be a factor: {why}.")
        found += [part for part in parts if part not in unfit and part not in found]
        notes += [f"{shown(part)} is no factor: {why}." for part, why in unfit.items()]
    if found:
        levels = [f"{shown(one)} ({counted(len(np.unique(plain(columns[one]))), 'level')})" for one in found]
        named = ", ".join(levels) if len(levels) <= MOST_NAMED else listing(levels)
        notes.insert(0, f"{counted(len(found), 'factor')} that made the examples: {named}.")
    return tuple(found), tuple(notes)


def factors_of(columns: Mapping[str, Values], names: Sequence[str]) -> Factors | None:
    """The levels of some columns, numbers in their order and words in that of the alphabet; None for no columns.

    Args:
        columns: (N,) each.
        names: of those that are factors, as `choose_factors` found them.

    Raises:
        DataError: one of them can't be a factor.
    """
    levels, values = list[Values](), list[FactorValues]()
    for name in names:
        if why := _unfit(columns[name]):
            raise DataError(f"{shown(name)} can't be a factor: {why}.")
        known, level = np.unique(plain(columns[name]), return_inverse=True)
        levels.append(level.reshape(-1))
        is_word = columns[name].dtype.kind not in "iuf"
        values.append(tuple(map(_word, known.tolist())) if is_word else tuple(map(float, known.tolist())))
    if not levels:
        return None
    return Factors(torch.from_numpy(np.stack(levels, 1).astype(np.int64)), tuple(names), tuple(values))


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _unfit(column: Values) -> str:
    """Why a column (N,) can't be a factor, to end a sentence; empty where it can."""
    values = plain(column)
    missing = int((~np.isfinite(values)).sum() if values.dtype.kind == "f" else (values == "").sum())
    if missing:
        return f"{counted(missing, 'example')} of {len(values):,} have no value of it"
    n = len(np.unique(values))
    if n < 2:
        return "it has the same value in every example"
    if n > len(values) // SEVERAL or n > MAX_CLASSES:
        return f"it has {n:,} different values in {len(values):,} examples, and each must come again"
    return ""
