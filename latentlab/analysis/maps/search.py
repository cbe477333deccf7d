"""Examples found by the words that are known of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels

_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')  # what stands between quotes, or a word


def search(columns: Mapping[str, NDArray[Any]], text: str, names: Collection[str] = ()) -> Labels:
    """The rows in which each word of a text stands in some column, whatever its case; none for no words.

    First come those that a column names by the text, then those that have the words one after another in a column,
    then the others, each in their order.

    Args:
        columns: name -> (N,); numbers are looked at as they are written.
        text: words separated by spaces; of those between quotes only what stands one after another is found.
        names: the columns that name a row.
    """
    parts = [part for part in (quoted or word for quoted, word in _PARTS.findall(text.lower())) if part.strip()]
    if not parts or not columns:
        return np.empty(0, np.int64)
    phrase = " ".join(text.lower().replace('"', " ").split())
    cells = {name: [str(value).lower() for value in column.tolist()] for name, column in columns.items()}
    naming = [name in names for name in cells]
    found: dict[int, int] = {}
    for k, row in enumerate(zip(*cells.values(), strict=True)):
        if all(any(part in cell for cell in row) for part in parts):
            is_named = any(cell == phrase for cell, is_name in zip(row, naming, strict=True) if is_name)
            found[k] = 0 if is_named else 1 if any(phrase in cell for cell in row) else 2
    return np.array(sorted(found, key=found.__getitem__), np.int64)
