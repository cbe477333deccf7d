"""How a text table is written, found by looking at its first rows: separator, decimal sign, header, remarks."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from latentlab.data.files.tables.header import is_header

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "spaces"}
MARKS = (b"#", b"%", b"//")  # of a line that is a remark
SAMPLE = 1 << 18  # bytes
MOST_ROWS = 400
CONSISTENT = 0.9  # share of the rows that have as many cells as most
NUMBER = re.compile(r"[+\-\u2212]?(\d[\d.,'\s\u2019]*|[.,]\d+)(e[+-]?\d+)?", re.I)
COMMA = re.compile(
    r"[+\-\u2212]?(\d{1,3}(\.\d{3})+,\d+|0*,\d+|0,\d+|\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d+)(e[+-]?\d+)?", re.I
)
POINT = re.compile(
    r"[+\-\u2212]?(\d{1,3}(,\d{3})+\.\d+|0?\.\d+|\d+\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d+)(e[+-]?\d+)?", re.I
)
EITHER = re.compile(r"[+\-\u2212]?[1-9]\d{0,2},\d{3}")  # 1,234 is a thousand or a bit more than one

Row = list[str]


@dataclass(frozen=True)
class Dialect:
    """How a text table is written."""

    separator: str  # a space for any run of white space
    decimal: str  # "." or ","
    header: bool  # whether the first row has the names of the columns
    names: tuple[str, ...]  # of the columns, where a remark above the table has them
    row_names: bool  # whether each row begins with a name that the header has no cell for
    trailing: bool  # whether each row ends with a separator more than the header
    quoted: bool  # whether cells may stand in quotes
    start: int  # bytes before the table
    remark: bytes  # what begins a line that isn't a row; empty for none

    @property
    def sentence(self) -> str:
        """What differs from a table with commas, decimal points and a header; empty where nothing does."""
        parts = []
        if self.separator != ",":
            parts.append(f"cells between {SEPARATORS[self.separator]}")
        if self.decimal == ",":
            parts.append("decimal commas")
        if not self.header and not self.names:
            parts.append("no header: the columns are called 1, 2, …")
        if self.row_names:
            parts.append("a name before each row")
        if self.start or self.remark:
            parts.append("lines above the table that are no rows")
        return f"The table has {_and(parts)}." if parts else ""


def find(content: bytes, n_rows: int | None = None) -> Dialect:
    """The dialect of a table.

    Args:
        content: text in UTF-8.
        n_rows: how many rows it should have, where another file says so: this decides whether there is a header.
    """
    sample = content[:SAMPLE]
    lines = sample.splitlines(keepends=True)
    lines = lines[:-1] if len(content) > len(sample) and len(lines) > 1 else lines
    start, forced, remark, above, k = 0, "", b"", b"", 0
    for k, line in enumerate(lines):
        bare = line.strip()
        if match := re.fullmatch(rb'"?sep=(.)"?', bare, re.I):
            forced = match[1].decode("ascii", "replace")
        elif mark := next((one for one in MARKS if bare.startswith(one)), b""):
            remark, above = mark, bare[len(mark) :]
        elif bare and not _is_count(bare, lines[k + 1 : k + 2]):
            break
        start += len(line)
    rest = [
        line.decode("utf-8", "replace")
        for line in lines[k:]
        if line.strip() and not (remark and line.startswith(remark))
    ]
    rest = rest[:MOST_ROWS]
    separator = forced or _separator(rest)
    odd = sum(line.count('"') % 2 for line in rest)  # a cell between tabs may go on in the next line
    quoted = separator in ",;|" or (odd % 2 == 0 if separator == "\t" else odd == 0)
    rows = _rows(rest, separator, quoted)
    width, first = _width(rows[1:] or rows), len(rows[0]) if rows else 0
    decimal = _decimal(rows[1:], separator)
    names = _rows([above.decode("utf-8", "replace").strip()], separator, quoted)[0] if above else []
    body = [row for row in rows[1:] if len(row) == width]
    if len(names) == width and len(names) > 1 and is_header([names, *rows]) and not is_header(rows):
        return Dialect(separator, decimal, False, tuple(names), False, False, quoted, start, remark)
    shorter = bool(body) and first == width - 1
    trailing = shorter and all(row[-1] == "" for row in body)
    row_names = shorter and not trailing and _are_names([row[0] for row in body])
    header = shorter or is_header(rows)
    if n_rows is not None and rows and not shorter:
        n_lines = _count_lines(content[start:], remark)
        words = any(cell and not NUMBER.fullmatch(cell) for cell in rows[0])
        header = (header and (n_lines != n_rows or width > 1)) or (n_lines == n_rows + 1 and words)
    return Dialect(separator, decimal, header, (), row_names, trailing, quoted, start, remark)


def _is_count(line: bytes, after: Sequence[bytes]) -> bool:
    """Whether a line says how many words and numbers follow, as word2vec writes it."""
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or not after:
        return False
    return len(after[0].split()) == int(parts[1][:9]) + 1


def _count_lines(content: bytes, remark: bytes) -> int:
    return sum(bool(line.strip()) and not (remark and line.startswith(remark)) for line in content.splitlines())


def _rows(lines: Sequence[str], separator: str, quoted: bool) -> list[Row]:
    if separator == " ":
        pattern = r'"(?:[^"]|"")*"|\S+' if quoted else r"\S+"
        return [[cell.strip('"') if quoted else cell for cell in re.findall(pattern, line)] for line in lines]
    try:
        ended = [line.rstrip("\r\n") + "\n" for line in lines]
        found = list(csv.reader(ended, delimiter=separator, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE))
    except csv.Error:  # a cell of more than 128 kB
        found = [line.rstrip("\r\n").split(separator) for line in lines]
    return [[cell.strip() for cell in row] for row in found if row]


def _width(rows: Sequence[Row]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _separator(lines: Sequence[str]) -> str:
    """The one that divides the rows most evenly; of those that do, the one that leaves most numbers."""
    scores = {}
    for separator in SEPARATORS:
        rows = _rows(lines, separator, True)
        body = rows[1:] or rows
        width = _width(body)
        if width < 2:
            continue
        even = sum(len(row) == width for row in body) / len(body)
        even *= 1.0 if len(rows[0]) in (width, width - 1) else 0.5
        cells = [cell for row in body for cell in row]
        numbers = sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / len(cells)
        scores[separator] = (even >= CONSISTENT, even if even < CONSISTENT else 1.0, numbers)
    others = any(good for separator, (good, *_) in scores.items() if separator != " ")
    if others and " " in scores and scores[" "][2] < 1:  # the spaces are within cells
        del scores[" "]
    return max(scores, key=scores.__getitem__, default=",")


def _decimal(body: Sequence[Row], separator: str) -> str:
    cells = [cell for row in body for cell in row if cell[:1] in "+-\u2212.,0123456789" and cell]
    commas = sum(bool(COMMA.fullmatch(cell)) for cell in cells)
    points = sum(bool(POINT.fullmatch(cell)) for cell in cells)
    if commas or points:
        return "," if commas > points else "."
    return "," if separator in ("; ") and any(EITHER.fullmatch(cell) for cell in cells) else "."


def _are_names(first: Sequence[str]) -> bool:
    """Whether the first cells name their rows: no two alike, and words, or 1, 2, 3, …"""
    if len(set(first)) < len(first):
        return False
    return first == [str(k + 1) for k in range(len(first))] or not any(NUMBER.fullmatch(cell) for cell in first)


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
