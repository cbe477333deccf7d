"""How the small pictures on the cards of the first page are stitched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.figures.sheets import sheet_png
from pages.shared.images import SIDE, scale

ROWS, COLUMNS = 6, 12


def thumbnail(images: NDArray[np.uint8]) -> bytes:
    """The PNG of `ROWS` x `COLUMNS` images, row by row."""
    return sheet_png(images, COLUMNS, gap=2, scale=scale(images.shape[1:], SIDE))
