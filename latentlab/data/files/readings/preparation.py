"""What is done to readings before they are divided: even steps, missing readings, rows of one time, rows at rest."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from latentlab.data.dataset import DataError

SHORTEST, LONGEST = 1_000, 366 * 86_400_000_000  # microseconds of a step
UNITS = (
    ("ms milli millis millisecond milliseconds", 1_000),
    ("s sec secs second seconds", 1_000_000),
    ("m min mins minute minutes", 60_000_000),
    ("h hr hrs hour hours", 3_600_000_000),
    ("d day days", 86_400_000_000),
    ("w week weeks", 7 * 86_400_000_000),
)  # and microseconds of each
MOST_FILLED = 10_000  # steps


class Missing(StrEnum):
    """What becomes of a row in which a reading is missing."""

    DROP = "drop"
    CARRY = "carry"  # the last reading of the column takes its place
    INTERPOLATE = "interpolate"  # linearly in time, between the last and the next


class SameTime(StrEnum):
    """What becomes of rows of the same time."""

    KEEP = "keep"
    FIRST = "first"
    MEAN = "mean"


@dataclass(frozen=True)
class Preparation:
    """How readings are prepared.

    Attributes:
        step: between two rows, such as "15 min": readings in it become their mean; empty for the rows as they are.
        missing: what becomes of a row in which a reading is missing.
        most: for how many steps a reading is carried on, or interpolated.
        same_time: what becomes of rows of the same time.
        rest: a column of numbers by which rows are left out; empty for none.
        least: rows in which that column is below this are left out.

    Raises:
        DataError: no step that readings can have, or a number that can't be.
    """

    step: str = ""
    missing: Missing = Missing.DROP
    most: int = 3
    same_time: SameTime = SameTime.KEEP
    rest: str = ""
    least: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST_FILLED:
            raise DataError(f"Readings can be filled for 1 to {MOST_FILLED:,} steps, not {self.most}.")
        if not math.isfinite(self.least):
            raise DataError("The value below which rows are left out has to be a number.")
        _ = self.microseconds

    @property
    def microseconds(self) -> int:
        """Of the step; 0 for none.

        Raises:
            DataError: it isn't one.
        """
        return microseconds(self.step) if self.step.strip() else 0


def microseconds(step: str) -> int:
    """The length of a step in words: a number, 1 where there is none, and a unit; as `pandas.Timedelta` reads it.

    >>> microseconds("15 min"), microseconds("h"), microseconds("0.5 s")
    (900000000, 3600000000, 500000)

    Raises:
        DataError: no length of time, or one that no step has.
    """
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)?\s*([A-Za-z]{1,12})\s*", step)
    unit = "" if match is None else match[2] if match[2] == "M" else match[2].lower()  # M: months have no one length
    one = next((length for words, length in UNITS if unit in words.split()), None)
    if match is None or one is None:
        raise DataError(f"{step[:40]!r} is no step of time; write it as 15 min, 1 h or 30 s.")
    found = round(float(match[1] or 1) * one)
    if not SHORTEST <= found <= LONGEST:
        raise DataError(f"A step of {step.strip()[:40]} can't be: from a thousandth of a second to a year.")
    return found


AS_THEY_ARE = Preparation()
