"""Whether the first row of a table has the names of its columns; they may be numbers, as years and wavelengths are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from latentlab.data.files.tables.cells import MISSING

LEAST_STEPS = 4  # names that rise by equal steps, so that this is no accident
LEAST_ROWS = 5  # below the first, so that what lies outside of their range is no accident
MOSTLY = 0.9  # share of a column's cells that are numbers


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of these rows is a header.

    It is one where it has a word above a column of numbers; where all of its cells are words and none is there again
    below; and where it has numbers that rise or fall from cell to cell, by equal steps, as the rows below don't, or far
    from all that is below.
    """
    if not rows:
        return False
    first, body = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not body:
        return not all(_number(cell) is not None for cell in first)
    columns = [[cell for cell in column if cell.lower() not in MISSING] for column in zip(*body, strict=True)]
    words = [k for k, cell in enumerate(first) if cell and _number(cell) is None]
    numeric = [k for k, column in enumerate(columns) if _share(column) >= MOSTLY]
    if any(k in numeric for k in words):
        return True
    if any(first[k] in columns[k] for k in words):
        return False
    if len(words) == len([cell for cell in first if cell]):
        return True
    return _are_steps([k for k in numeric if first[k]], first, body)


def _are_steps(where: Sequence[int], first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    names = [_number(first[k]) for k in where]
    values = [[_number(row[k]) for k in where] for row in body]
    if len(names) < 2 or not _is_monotonous(names):
        return False
    numbers = [name for name in names if name is not None]
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    equal = len(names) >= LEAST_STEPS and all(math.isclose(step, steps[0], rel_tol=1e-6) for step in steps)
    if equal and sum(map(_is_monotonous, values)) * 2 <= len(values):
        return True
    return len(body) >= LEAST_ROWS and all(map(_is_outside, numbers, zip(*values, strict=True)))


def _is_outside(name: float, column: Sequence[float | None]) -> bool:
    """Whether a number is farther from all of a column than they are from each other."""
    known = [value for value in column if value is not None and math.isfinite(value)]
    span = max(known, default=0.0) - min(known, default=0.0)
    return bool(known) and min(abs(name - value) for value in known) > span


def _is_monotonous(values: Sequence[float | None]) -> bool:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return False
    pairs = list(itertools.pairwise(known))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _share(column: Sequence[str]) -> float:
    return sum(_number(cell) is not None for cell in column) / len(column) if column else 0.0


def _number(cell: str) -> float | None:
    if "," in cell and "." in cell:  # the first of them is between thousands
        cell = cell.replace(min(",.", key=cell.find), "")
    try:
        return float(cell.replace(",", ".", 1).replace("\u2212", "-"))
    except ValueError:
        return None
