"""Readings as they come: rows of a CSV file that may grow, or JSON lines of a pipe, a piece at a time."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError

BLOCK = 1 << 19  # bytes that are read at once
MOST = 4_096  # rows of a piece of a pipe
LONGEST = 1 << 20  # bytes of a line: what is longer is no row
TIMES = ("time", "timestamp", "datetime", "date")  # what the column with the time is called
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows.

    Attributes:
        numbers: (N, D); NaN for what is no number, or isn't there.
        times: (N,) what the column with the time says; empty strings where there is none.
        offset: bytes of the file up to their end; 0 of a pipe.
        is_new: the file is shorter than it was, so these are the first of another one.
    """

    numbers: NDArray[np.float64]
    times: Sequence[str]
    offset: int = 0
    is_new: bool = False


@dataclass
class GrowingFile:
    """A CSV file with a row of names.

    Attributes:
        path: of the file.
        names: of the D columns that are read.
        offset: bytes that were read before; only whole lines are taken.
    """

    path: Path
    names: tuple[str, ...]
    offset: int = 0

    def pieces(self) -> Iterator[Piece]:
        """What has come since the last call, if anything.

        Raises:
            DataError: a column isn't there, or the file can't be read.
        """
        try:
            with self.path.open("rb") as file:
                is_new = os.fstat(file.fileno()).st_size < self.offset
                self.offset = 0 if is_new else self.offset
                head = file.readline(LONGEST)
                if not head.endswith(b"\n"):
                    return
                layout = _Layout.of(_text(head), self.names)
                self.offset = max(self.offset, len(head))
                file.seek(self.offset)
                rest = b""
                while block := file.read(BLOCK):
                    lines, newline, rest = (rest + block).rpartition(b"\n")
                    if not newline:
                        if len(rest) > LONGEST:
                            raise DataError("A line of the readings doesn't end.", self.path)
                        continue
                    self.offset += len(lines) + 1
                    yield layout.piece(_text(lines), self.offset, is_new)
                    is_new = False
        except OSError as error:
            raise DataError(f"The readings can't be read: {error.strerror or error}.", self.path) from error


@dataclass(frozen=True)
class _Layout:
    """Where the columns are.

    Attributes:
        separator: between two cells.
        places: of the columns that are read.
        time: of the column with the time; None where there is none.
    """

    separator: str
    places: tuple[int, ...]
    time: int | None

    @classmethod
    def of(cls, head: str, names: Sequence[str]) -> _Layout:
        rows = {
            one: [name.strip() for name in next(csv.reader([head.strip()], delimiter=one), [])] for one in SEPARATORS
        }
        separator = max(rows, key=lambda one: len(set(rows[one]) & set(names)))
        found = rows[separator]
        if missing := [name for name in names if name not in found]:
            raise DataError(f"The readings have no column “{missing[0][:80]}”.")
        times = [k for k, name in enumerate(found) if name.lower() in TIMES and name not in names]
        return cls(separator, tuple(found.index(name) for name in names), times[0] if times else None)

    def piece(self, text: str, offset: int, is_new: bool) -> Piece:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=self.separator) if row]
        try:
            numbers = np.array([[float(row[k]) for k in self.places] for row in rows]).reshape(-1, len(self.places))
        except (ValueError, IndexError):
            numbers = np.array([[_number(row, k) for k in self.places] for row in rows])
        times = (
            [""] * len(rows) if self.time is None else [row[self.time] if self.time < len(row) else "" for row in rows]
        )
        return Piece(numbers, times, offset, is_new)


def json_pieces(lines: TextIO, names: Sequence[str]) -> Iterator[Piece]:
    """Objects by the names of the columns, one a line; a line that is none is a row of NaN. Ends with the pipe."""
    rows, times = list[list[float]](), list[str]()
    for line in iter(lambda: lines.readline(LONGEST), ""):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = {}
        found = value if isinstance(value, Mapping) else {}
        rows.append([_as_number(found.get(name)) for name in names])
        times.append(next((str(found[name]) for name in found if str(name).lower() in TIMES), ""))
        if len(rows) == MOST:
            yield Piece(np.array(rows), times)
            rows, times = [], []
    if rows:
        yield Piece(np.array(rows), times)


def _number(row: Sequence[str], k: int) -> float:
    return _as_number(row[k]) if k < len(row) else math.nan


def _as_number(value: object) -> float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return math.nan
    return math.nan


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", "replace")
