"""A drawing made into an example like those of a set of handwriting: scaled, centred, in gray levels.

As the digits of MNIST were made (LeCun, Bottou, Bengio & Haffner 1998, §III.A): the ink is scaled to a box of one size,
its proportions kept and its edges smoothed, and its centre of mass is put into the middle of the image.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

INK = 0.5  # a pixel is ink from this gray level on


def ink_side(x: Tensor) -> int:
    """(N, 1, H, W) in [0, 1] -> the median of the longer side of the box of their ink, in pixels.

    Raises:
        ValueError: none has ink.
    """
    boxes = [box for image in (x[:, 0] >= INK).numpy() if (box := _box(image)) is not None]
    if not boxes:
        raise ValueError("These images have no ink.")
    return int(np.median([max(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes]))


def as_example(drawn: NDArray[np.bool_], side: int, height: int, width: int) -> Tensor | None:
    """(h, w) True where there is ink -> (1, height, width) in [0, 1]; None without ink.

    Args:
        drawn: best finer than the example, whose edges are smooth then.
        side: the longer side of the box of the ink in the example, in pixels.
        height: of the example.
        width: of the example.
    """
    box = _box(drawn)
    if box is None:
        return None
    ink = torch.from_numpy(drawn[box].astype(np.float32))[None, None]
    longer = max(ink.shape[2:])
    size = [max(1, round(n * side / longer)) for n in ink.shape[2:]]
    ink = F.interpolate(ink, size=size, mode="bilinear", antialias=True)[0, 0].clamp(0, 1)
    example = torch.zeros(1, height, width)
    top, left = (_start(ink.sum(1 - axis), n) for axis, n in enumerate((height, width)))
    example[0, top : top + size[0], left : left + size[1]] = ink[: height - top, : width - left]
    return example


def _start(mass: Tensor, n: int) -> int:
    """Where (k,) masses begin in n cells, so that their centre is in the middle as far as they stay inside."""
    centre = float((mass * torch.arange(len(mass))).sum() / mass.sum())
    return max(0, min(n - len(mass), round((n - 1) / 2 - centre)))


def _box(drawn: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    return (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)) if len(rows) else None
