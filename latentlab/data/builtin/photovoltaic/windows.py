"""Windows of readings: each example is some minutes of a day, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from latentlab.data.dataset import Dataset, Kind
from latentlab.data.library.scaling import Scale

WINDOW, APART = 15, 3  # minutes of a window, and from the end of one to the end of the next


def in_windows(data: Dataset, n: int = WINDOW, apart: int = APART) -> Dataset:
    """Rows that follow each other, (N, D), as windows (M, n, D), none over two levels of the first factor.

    Args:
        data: rows in the order of time, with their factors; the last row of a window gives its class and its factors.
        n: rows of a window.
        apart: rows from one window to the next.
    """
    assert data.factors is not None
    part = data.factors.levels[:, 0].numpy()
    last = np.arange(n - 1, len(data))
    last = last[part[last] == part[last - n + 1]][::apart]
    rows = torch.from_numpy(last[:, None] - np.arange(n - 1, -1, -1))
    scale = None if data.scale is None else Scale(*(np.tile(end, (n, 1)) for end in data.scale))
    return replace(data[rows[:, -1]], x=data.x[rows], kind=Kind.SEQUENCE, scale=scale)
