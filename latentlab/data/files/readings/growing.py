"""Readings as they come: rows of a CSV file that may grow, or JSON lines of a pipe, a piece at a time."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError
from latentlab.data.files.readings.times import STAMPS
from latentlab.data.files.tables import dialect

BLOCK = 1 << 19  # bytes that are read at once
MOST = 4_096  # rows of a piece of a pipe
LONGEST = 1 << 20  # bytes of a line: what is longer is no row
MARK = 1 << 10  # bytes at the start of a file by which it is known again
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows.

    Attributes:
        numbers: (N, D); NaN for what is no number, or isn't there.
        times: (N,) what the column with the time says; empty strings where there is none.
        offset: bytes of the file up to their end; 0 of a pipe.
        is_new: these are the first of another file, or of one that was cut: "shrunk" or "replaced"; else empty.
        mark: how many of the first bytes of the file were looked at, and their checksum; (0, 0) of a pipe.
    """

    numbers: NDArray[np.float64]
    times: Sequence[str]
    offset: int = 0
    is_new: str = ""
    mark: tuple[int, int] = (0, 0)


@dataclass
class GrowingFile:
    """A CSV file with a row of names, that may be cut, or replaced by another of its name as logs are.

    It stays open: what came last in a file that was moved away is read to its end before the new one.

    Attributes:
        path: of the file.
        names: of the D columns that are read.
        offset: bytes that were read before; only whole lines are taken.
        mark: as of `Piece`, when they were read: another file has another.
    """

    path: Path
    names: tuple[str, ...]
    offset: int = 0
    mark: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self._open: _OpenFile | None = None
        self._layout: _Layout | None = None
        self._is_new = ""  # until a piece says it

    def pieces(self, *, is_last: bool = False) -> Iterator[Piece]:
        """What has come since the last call, if anything.

        Args:
            is_last: no more will come: a last line that doesn't end is a row.

        Raises:
            DataError: a column isn't there, the file can't be read, or it has no row of names and won't get one.
        """
        try:
            if self._open is None:
                self._open = _OpenFile(self.path)
            is_moved = self._open.is_moved(self.path)
            yield from self._rest(self._open, is_last=is_moved or is_last)
            if is_moved:
                self._open = _OpenFile(self.path)
                self._begin("replaced")
                yield from self._rest(self._open, is_last=is_last)
        except OSError as error:
            raise DataError(f"The readings can't be read: {error.strerror or error}.", self.path) from error
        if is_last and self._layout is None:
            raise DataError("There is no row of names with readings below it.", self.path)

    def _begin(self, is_new: str) -> None:
        self._is_new, self.offset, self.mark, self._layout = is_new, 0, (0, 0), None

    def _rest(self, file: _OpenFile, *, is_last: bool = False) -> Iterator[Piece]:
        """Whole lines after the offset; where no more will come, also the last one."""
        if file.size < self.offset:
            self._begin("shrunk")
        elif self.mark[0] and file.checksum(self.mark[0]) != self.mark[1]:
            self._begin("replaced")
        if self._layout is None:
            head, newline, _ = file.read(0, LONGEST).partition(b"\n")
            if not newline:
                return
            self._layout = _Layout.of(_text(head), self.names)
            self.offset = max(self.offset, len(head) + 1)
        rest = b""
        while block := file.read(self.offset + len(rest), BLOCK):
            lines, newline, rest = (rest + block).rpartition(b"\n")
            if not newline:
                if len(rest) > LONGEST:
                    raise DataError("A line of the readings doesn't end.", self.path)
                continue
            self.offset += len(lines) + 1
            yield self._piece(self._layout, lines, file)
        if rest.strip() and is_last:
            self.offset += len(rest)
            yield self._piece(self._layout, rest, file)

    def _piece(self, layout: _Layout, lines: bytes, file: _OpenFile) -> Piece:
        if self.mark[0] < MARK:
            n = min(self.offset, MARK)
            self.mark = n, file.checksum(n)
        is_new, self._is_new = self._is_new, ""
        if layout.decimal is None:  # there are rows to see it by
            self._layout = layout = replace(layout, decimal=dialect.find(file.read(0, dialect.SAMPLE)).decimal)
        return layout.piece(_text(lines), self.offset, is_new, self.mark)


class _OpenFile:
    """A file that is kept open, whatever its name becomes; closed when nobody has it any more."""

    def __init__(self, path: Path) -> None:
        self._number = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._number)

    @property
    def size(self) -> int:
        """In bytes."""
        return os.fstat(self._number).st_size

    def read(self, offset: int, n: int) -> bytes:
        """So many bytes from one on; fewer at the end."""
        os.lseek(self._number, offset, os.SEEK_SET)
        return os.read(self._number, n)

    def checksum(self, n: int) -> int:
        """Of the first bytes."""
        return zlib.crc32(self.read(0, n))

    def is_moved(self, path: Path) -> bool:
        """Whether another file has its name by now; not while none has."""
        try:
            return not os.path.samestat(os.fstat(self._number), path.stat())
        except FileNotFoundError:
            return False


@dataclass(frozen=True)
class _Layout:
    """Where the columns are.

    Attributes:
        separator: between two cells.
        places: of the columns that are read.
        time: of the column with the time; None where there is none.
        decimal: "." or ","; None until rows were seen.
    """

    separator: str
    places: tuple[int, ...]
    time: int | None
    decimal: str | None = None

    @classmethod
    def of(cls, head: str, names: Sequence[str]) -> _Layout:
        rows = {one: [name.strip() for row in _rows(head.strip(), one)[:1] for name in row] for one in SEPARATORS}
        separator = max(rows, key=lambda one: len(set(rows[one]) & set(names)))
        found = rows[separator]
        if missing := [name for name in names if name not in found]:
            raise DataError(f"The readings have no column “{missing[0][:80]}”.")
        times = [k for k, name in enumerate(found) if name.lower() in STAMPS and name not in names]
        return cls(separator, tuple(found.index(name) for name in names), times[0] if times else None)

    def piece(self, text: str, offset: int, is_new: str, mark: tuple[int, int]) -> Piece:
        rows = _rows(text, self.separator)
        if self.decimal == ",":
            for row in rows:
                for k in self.places:
                    if k < len(row):
                        row[k] = row[k].replace(".", "").replace(",", ".")
        try:
            numbers = np.array([[float(row[k]) for k in self.places] for row in rows]).reshape(-1, len(self.places))
        except (ValueError, IndexError):
            numbers = np.array([[_number(row, k) for k in self.places] for row in rows])
        times = (
            [""] * len(rows) if self.time is None else [row[self.time] if self.time < len(row) else "" for row in rows]
        )
        return Piece(numbers, times, offset, is_new, mark)


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
        rows.append([as_number(found.get(name)) for name in names])
        times.append(next((str(found[name]) for name in found if str(name).lower() in STAMPS), ""))
        if len(rows) == MOST:
            yield Piece(np.array(rows), times)
            rows, times = [], []
    if rows:
        yield Piece(np.array(rows), times)


def _rows(text: str, separator: str) -> list[list[str]]:
    try:
        if '"' in text:  # which may never be closed, and would take the next lines with it
            return [row for line in text.splitlines() for row in csv.reader([line], delimiter=separator) if row]
        return [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    except csv.Error:  # a cell of more than 128 kB
        return [line.split(separator) for line in text.splitlines() if line]


def _number(row: Sequence[str], k: int) -> float:
    return as_number(row[k]) if k < len(row) else math.nan


def as_number(value: object) -> float:
    """A number, or text that is one; else NaN."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return math.nan
    return math.nan


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", "replace")
