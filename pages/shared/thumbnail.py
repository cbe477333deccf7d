"""How the small pictures on the cards of the first page are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.subjects import Subject
from pages.shared.example_view import appearance_of
from pages.shared.header import look

ROWS, COLUMNS = 6, 12


def thumbnail(run: Subject, x: NDArray[np.floating]) -> bytes | str:
    """The picture of `ROWS` x `COLUMNS` examples of a run, row by row."""
    return appearance_of(run).thumbnail(x, COLUMNS, look())
