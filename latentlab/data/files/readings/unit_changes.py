"""Readings of one column in two units: from a row on, greater by a constant factor, or other degrees.

Between two rows next to each other the readings jump by what a conversion does. So does all around: the level, to
which a line through `NEAR` rows before and after leads, and, by the factor of the conversion, what varies from row to
row, which is the mean absolute difference over `WIDE` rows without the greatest. A machine that begins to work harder
jumps in its level alone, or by any factor. Measured on columns of 2,000 rows that were made, 800 of a kind (seed 1),
as in `tests/data/files/test_unit_changes.py`: of those without a jump none of 4,800 is named, of those with a load
that is a random factor from 0.01 to 1,000 higher for a while 1.9 %, and 5.5 % where what varies grows with it; of
those in two units 74 to 100 % are found, the fewest where cells are rounded to what varies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from latentlab.data.files.archives import counted, shown
from latentlab.data.files.readings.times import Doubles, Index, written

NEAR, WIDE, LEAST = 30, 80, 25  # rows on either side: of the level, of what varies; and that there have to be
TRIMMED = 0.02  # share of the differences from row to row that don't count, the greatest
LEVEL, AT_MOST = 0.02, 0.15  # of a jump: by which it may be off at any rate, and at most
SURE = 4.0  # standard errors of the levels, by which it may be off besides
VARIES = 1.8  # factor by which what varies may be off
CLEAR = 5.0  # times what varies from row to row, which a jump exceeds
LOOK, MOST = 40, 10  # of the greatest jumps that are looked at; and that are clear: a machine that stops has more


@dataclass(frozen=True)
class Conversion:
    """From one unit to another: x becomes factor · x + shift.

    Attributes:
        text: what the readings in the second unit are.
        factor: at least 1.
        shift: in the second unit.
    """

    text: str
    factor: float
    shift: float = 0.0


CONVERSIONS = (
    Conversion("1,000 times greater", 1_000.0),
    Conversion("100 times greater", 100.0),
    Conversion("60 times greater", 60.0),
    Conversion("3.6 times greater", 3.6),
    Conversion("in °F instead of °C", 1.8, 32.0),
    Conversion("in K instead of °C", 1.0, 273.15),
)


@dataclass(frozen=True, eq=False)
class UnitChange:
    """A column in two units.

    Attributes:
        conversion: from the first to the second.
        second: (N,) which rows are in the second.
    """

    conversion: Conversion
    second: NDArray[np.bool_]


def unit_change(values: Doubles) -> UnitChange | None:
    """Where a column seems to be in another unit than elsewhere; None where it doesn't.

    Args:
        values: (N,) in the order of time; NaN for nothing.
    """
    places = np.flatnonzero(np.isfinite(values))
    known = values[places]
    if len(known) < 2 * LEAST:
        return None
    step = np.abs(np.diff(known))
    n = min(LOOK, len(step))
    jumps = np.sort(np.argpartition(step, -n)[-n:]) + 1
    jumps = jumps[[_shifts(known, k) for k in jumps.tolist()]]
    if len(jumps) > MOST:
        return None
    edges = np.concatenate([[0], jumps, [len(known)]])
    found = list[tuple[int, Conversion, bool]]()
    for k, jump in enumerate(jumps.tolist()):
        before, after = known[edges[k] : jump], known[jump : edges[k + 2]]
        if (conversion := converted(before, after)) is not None:
            found.append((jump, conversion, True))
        elif (conversion := converted(after[::-1], before[::-1])) is not None:
            found.append((jump, conversion, False))
    ups = [up for _, _, up in found]
    if not found or len({one for _, one, _ in found}) > 1 or any(map(bool.__eq__, ups, ups[1:])):
        return None
    changes = np.zeros(len(known), np.int64)
    for jump, _, up in found:
        changes[jump:] += 1 if up else -1
    second = np.zeros(len(values), bool)
    second[places] = changes + (not ups[0]) > 0
    return UnitChange(found[0][1], second)


def about_units(x: NDArray[np.float32], names: Sequence[str], times: Doubles, file: Index) -> tuple[str, ...]:
    """A sentence for each column that seems to be in two units; nothing is changed.

    Args:
        x: (N, D) in the order of time; NaN for nothing.
        names: of the columns.
        times: (N,) seconds from 1970.
        file: (N,) ascending: the number of the file that each row is from, each of which is looked at by itself.
    """
    notes, edges = [], np.flatnonzero(np.diff(file, prepend=-1, append=-1))
    for name, column in zip(names, x.T, strict=True):
        for begin, end in pairwise(edges.tolist()):
            found = unit_change(column[begin:end].astype(np.float64))
            if found is None:
                continue
            when = _when(found.second, times[begin:end])
            notes.append(f"{shown(name)} seems to be {found.conversion.text} {when}: another unit? Nothing is changed.")
            break
    return tuple(notes)


def _when(second: NDArray[np.bool_], times: Doubles) -> str:
    edges = np.flatnonzero(np.diff(second.astype(np.int8), prepend=0, append=0))
    begin, end = edges[:2].tolist()
    more = f", and {counted(len(edges) // 2 - 1, 'time')} more" if len(edges) > 2 else ""
    if begin == 0:
        return f"before {written(float(times[end]))}{more}"
    since = f"from {written(float(times[begin]))}"
    return f"{since} on" if end == len(times) else f"{since} to {written(float(times[end - 1]))}{more}"


def converted(before: Doubles, after: Doubles) -> Conversion | None:
    """The conversion by which some readings differ from those right before them; None where there is none.

    Args:
        before, after: (N,) and (M,) without NaN.
    """
    before, after = before[-WIDE:], after[:WIDE]
    if min(len(before), len(after)) < LEAST:
        return None
    (level, error), (other, other_error) = _level(before[-NEAR:]), _level(after[:NEAR][::-1])
    varies, others = _varies(before), _varies(after)
    if not (varies > 0 and others > 0):
        return None
    for one in CONVERSIONS:
        should = one.factor * level + one.shift
        jump = abs(should - level)
        off = LEVEL * jump + SURE * float(np.hypot(one.factor * error, other_error))
        ratio = others / varies / one.factor
        if off <= AT_MOST * jump and abs(other - should) <= off and 1 / VARIES <= ratio <= VARIES:
            return one
    return None


def _shifts(values: Doubles, at: int) -> bool:
    """Whether a jump is more than what varies, and the level is another after it: it is no spike."""
    before, after = values[max(0, at - WIDE) : at], values[at : at + WIDE]
    if min(len(before), len(after)) < LEAST:
        return False
    jump = abs(values[at] - values[at - 1])
    shift = abs(np.median(after[:NEAR]) - np.median(before[-NEAR:]))
    return bool(shift >= jump / 2 and jump > CLEAR * max(_varies(before), _varies(after)))


def _level(part: Doubles) -> tuple[float, float]:
    """Where a line through readings leads to, half a row after the last, and the standard error of that."""
    at = np.arange(len(part)) - len(part) + 0.5
    good = np.ones(len(part), bool)
    for _ in range(2):
        middle, level = at[good].mean(), part[good].mean()
        x = at[good] - middle
        slope = float(x @ part[good] / (x @ x))
        off = np.abs(part - level - slope * (at - middle))
        rest, good = off[good], off <= 4 * 1.4826 * np.median(off)
    error = np.sqrt(np.square(rest).mean() * (1 / len(x) + middle**2 / (x @ x)))
    return float(level - slope * middle), float(error)


def _varies(part: Doubles) -> float:
    step = np.sort(np.abs(np.diff(part)))
    return float(step[: max(1, len(step) - int(np.ceil(TRIMMED * len(step))))].mean())
