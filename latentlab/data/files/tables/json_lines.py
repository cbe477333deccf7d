"""JSON lines: an object a line, each with the cells of a row; also a JSON array of such objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MIB, check_inflated_size
from latentlab.data.files.arrays import Values
from latentlab.data.files.containers.parquet import check_cells
from latentlab.data.files.tables.cells import lists, numbers
from latentlab.data.files.tables.columns import Table
from latentlab.data.files.tables.encodings import as_utf8, unpacked

MAX_JSON = 512 * MIB
MAX_LINE = 16 * MIB
MAX_ARRAY = 64 * MIB  # it is read at once


def read_json(name: str, content: bytes, most: int | None = None) -> Table:
    """The columns of JSON lines, or of a JSON array of objects; lists of numbers are vectors.

    Args:
        name: of the file, for messages.
        content: of the file.
        most: how many rows are read; all if None.

    Raises:
        DataError: damaged, too large, or no objects.
    """
    text = as_utf8(name, unpacked(name, content)).content
    check_inflated_size(name, len(text), len(content))
    if len(text) > MAX_JSON:
        raise DataError(f"{name} holds {len(text) / MIB:,.0f} MiB; {MAX_JSON / MIB:,.0f} MiB of JSON are the most.")
    cells: dict[str, dict[int, Any]] = {}
    n = 0
    for n, record in enumerate(_records(name, text), 1):
        for key, cell in record.items():
            cells.setdefault(key, {})[n - 1] = _compact(cell)
        if n == most:
            break
    if not cells:
        raise DataError(f"{name} has no rows.")
    check_cells(name, n, len(cells))
    found = {key: _column(name, key, [column.get(k) for k in range(n)]) for key, column in cells.items()}
    return Table.usable(found, f"{name} has no values and no lists of numbers in its objects.")


def _records(name: str, text: bytes) -> Iterator[dict[str, Any]]:
    if text.lstrip()[:1] == b"[":
        if len(text) > MAX_ARRAY:
            raise DataError(f"{name} is a JSON array of {len(text) / MIB:,.0f} MiB: save an object a line (.jsonl).")
        parsed = [(0, _parsed(name, text, 0))]
        parsed = [(0, one) for one in parsed[0][1]]
    else:
        parsed = ((k, _parsed(name, line, k)) for k, line in enumerate(text.splitlines(), 1) if line.strip())  # type: ignore[assignment]
    for k, one in parsed:
        if not isinstance(one, dict):
            where = f"line {k} of {name} is no JSON object" if k else f"{name} is a JSON array, but not of objects"
            raise DataError(f'{where}: a row is like {{"id": 1, "vector": [0.1, 0.2]}}.')
        yield one


def _parsed(name: str, line: bytes, k: int) -> Any:
    if len(line) > MAX_LINE and k:
        raise DataError(f"{name} has a line of {len(line) / MIB:,.0f} MiB; {MAX_LINE / MIB:,.0f} MiB are the most.")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        where = f", line {k}" if k else ""
        raise DataError(f"{name} is not JSON{where}: each line is an object of its own.") from error


def _compact(cell: Any) -> Any:
    """A list of numbers as an array, which takes an eighth of the memory."""
    if not isinstance(cell, list) or not cell:
        return cell
    try:
        values = np.asarray(cell, np.float64)
    except (ValueError, TypeError, OverflowError):  # words, or lists of different lengths
        return {}
    with np.errstate(over="ignore"):
        return values.reshape(-1).astype(np.float32)


def _column(name: str, key: str, cells: list[Any]) -> Values | None:
    import pandas as pd  # type: ignore[import-untyped]

    arrays = [cell for cell in cells if isinstance(cell, np.ndarray)]
    if len(arrays) * 2 > len(cells):
        width = int(np.bincount([len(one) for one in arrays]).argmax())
        out = np.full((len(cells), width), np.nan, np.float32)
        for k, cell in enumerate(cells):
            if isinstance(cell, np.ndarray) and len(cell) == width:
                out[k] = cell
        return out
    if any(isinstance(cell, list | dict | np.ndarray) for cell in cells):
        return None
    if all(isinstance(cell, bool) for cell in cells):
        return np.array(cells, bool)
    if all(type(cell) is int and abs(cell) < 1 << 53 for cell in cells):
        return np.array(cells, np.int64)
    words = pd.Series(["" if cell is None else str(cell) for cell in cells])
    if not any(isinstance(cell, str) for cell in cells):
        return numbers(words, ".")
    texts = np.empty(len(cells), object)
    texts[:] = words.tolist()
    try:
        vectors = lists(key, texts)
    except DataError as error:
        raise DataError(f"{name} can't be used: {error}.") from error
    return texts if vectors is None else vectors
