"""Examples found by the words that are known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels


def search(columns: Mapping[str, NDArray[Any]], text: str) -> Labels:
    """The rows in which each word of a text stands in some column, whatever its case; none for no words.

    Args:
        columns: name -> (N,); numbers are looked at as they are written.
        text: words separated by spaces.
    """
    words = text.lower().split()
    if not words or not columns:
        return np.empty(0, np.int64)
    cells = [[str(value).lower() for value in column.tolist()] for column in columns.values()]
    rows = enumerate(zip(*cells, strict=True))
    return np.array([k for k, row in rows if all(any(word in cell for cell in row) for word in words)], np.int64)
