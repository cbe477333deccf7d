"""Drawings made of strokes, and their bitmaps as those of Quick, Draw!.

The bitmaps of Google's data set are drawings whose longer side is 255 units, centred on a square of 304, stroked with
round ends 16 units wide, and made 28 pixels wide: 16.5 units stay free around the ink. Here a pixel is the mean of
8 × 8 places, each of which is inked or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 28  # pixels of a bitmap
EXTENT = 255.0  # units of the longer side of a drawing
LINE = 16.0  # units of the width of a stroke
WHOLE = 304.0  # units of the bitmap: 256, a stroke, and 16 on each side
FINE = 8  # places in each direction of a pixel
CHUNK = 64  # drawings at once

Doubles = NDArray[np.float64]
Index = NDArray[np.int64]
Drawing = Sequence[Doubles]  # (P, 2) points of each stroke, to the right and down


@dataclass(frozen=True, eq=False)
class Strokes:
    """The strokes of many drawings, one after the other.

    Attributes:
        points: (P, 2) to the right and down, in any unit.
        stroke: (P,) which stroke a point is of, from 0 and in order; a point of one stroke follows the one before.
        drawing: (P,) which drawing, from 0 and in order.
    """

    points: Doubles
    stroke: Index
    drawing: Index

    @classmethod
    def of(cls, drawings: Sequence[Drawing]) -> Strokes:
        """Put drawings one after the other; each has a point at least."""
        strokes = [stroke for drawing in drawings for stroke in drawing]
        sizes = [len(stroke) for stroke in strokes]
        of = np.repeat(np.arange(len(drawings)), [len(drawing) for drawing in drawings])
        return cls(np.concatenate(strokes), np.repeat(np.arange(len(strokes)), sizes), np.repeat(of, sizes))

    @property
    def n(self) -> int:
        """How many drawings there are."""
        return int(self.drawing[-1]) + 1

    def least(self) -> Doubles:
        """(N, 2) the left and the upper end of each drawing."""
        return np.asarray(np.minimum.reduceat(self.points, self._first()))

    def most(self) -> Doubles:
        """(N, 2) the right and the lower end of each drawing."""
        return np.asarray(np.maximum.reduceat(self.points, self._first()))

    def _first(self) -> Index:
        """(N,) the first point of each drawing."""
        return np.searchsorted(self.drawing, np.arange(self.n))


def bitmaps(strokes: Strokes) -> NDArray[np.uint8]:
    """Drawings -> (N, 28, 28), 255 where there is ink; the proportions are kept, and a mere dot is in the middle."""
    low, high = strokes.least(), strokes.most()
    longest = (high - low).max(1, keepdims=True)
    scale = EXTENT / np.where(longest > 0, longest, 1)
    points = (strokes.points - ((low + high) / 2)[strokes.drawing]) * scale[strokes.drawing] + WHOLE / 2
    points *= SIDE * FINE / WHOLE
    out = np.empty((strokes.n, SIDE, SIDE), np.uint8)
    for first in range(0, strokes.n, CHUNK):
        last = min(first + CHUNK, strokes.n)
        here = slice(*np.searchsorted(strokes.drawing, [first, last]))
        part = Strokes(points[here], strokes.stroke[here], strokes.drawing[here] - first)
        out[first:last] = _inked(part, LINE / 2 * SIDE * FINE / WHOLE)
    return out


def _inked(strokes: Strokes, radius: float) -> NDArray[np.uint8]:
    """Strokes in places of the bitmap, of a radius in these -> (N, 28, 28).

    The places that a segment inks in a row are an interval: one is counted at its start and out at its end.
    """
    a, b, drawing = _segments(strokes)
    side = SIDE * FINE
    top = np.ceil(np.minimum(a[:, 1], b[:, 1]) - radius - 0.5).astype(np.int64)
    n_rows = np.floor(np.maximum(a[:, 1], b[:, 1]) + radius - 0.5).astype(np.int64) - top + 1
    of = np.repeat(np.arange(len(a)), n_rows)
    row = np.arange(len(of)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows) + top[of]
    left, right = _interval(a[of], b[of], row + 0.5, radius)
    start, end = np.ceil(left - 0.5).astype(np.int64), np.floor(right - 0.5).astype(np.int64) + 1
    start, end = start.clip(0, side), end.clip(0, side)
    good = (start < end) & (row >= 0) & (row < side)
    of_drawing = drawing[of]
    count = np.zeros((side + 1, strokes.n, side), np.int16)
    np.add.at(count, (start[good], of_drawing[good], row[good]), np.int16(1))
    np.add.at(count, (end[good], of_drawing[good], row[good]), np.int16(-1))
    for column in range(1, side):
        count[column] += count[column - 1]
    inked = (count[:-1] > 0).reshape(SIDE, FINE, strokes.n, SIDE, FINE)
    share = inked.sum(1, dtype=np.uint8).sum(-1, dtype=np.uint8).astype(np.int64)  # (columns, N, rows)
    return np.asarray((255 * share + FINE * FINE // 2) // (FINE * FINE), np.uint8).transpose(1, 2, 0)


def _segments(strokes: Strokes) -> tuple[Doubles, Doubles, Index]:
    """(S, 2) where each segment starts and ends, and (S,) its drawing; a stroke of one point is a segment to itself."""
    points, stroke = strokes.points, strokes.stroke
    goes_on = stroke[1:] == stroke[:-1]
    _, first, sizes = np.unique(stroke, return_index=True, return_counts=True)
    start = np.concatenate([np.flatnonzero(goes_on), first[sizes == 1]])
    end = np.concatenate([np.flatnonzero(goes_on) + 1, first[sizes == 1]])
    return points[start], points[end], strokes.drawing[start]


def _interval(a: Doubles, b: Doubles, y: Doubles, radius: float) -> tuple[Doubles, Doubles]:
    """(R,) from where to where the row y lies within a radius of the segment from a to b; first > last for nowhere.

    The segment with its round ends is two discs and the rectangle between them, and convex.
    """
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for end in (a, b):
        half = radius**2 - (y - end[:, 1]) ** 2
        is_near = half >= 0
        half = np.sqrt(np.maximum(half, 0))
        left = np.where(is_near, np.minimum(left, end[:, 0] - half), left)
        right = np.where(is_near, np.maximum(right, end[:, 0] + half), right)
    along = b - a
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    ux, uy = along[:, 0] / length, along[:, 1] / length
    ux, uy = np.where(np.abs(ux) < 1e-9, 1e-9, ux), np.where(np.abs(uy) < 1e-9, 1e-9, uy)
    down = y - a[:, 1]
    across = down * ux / uy  # to where the distance from the line is none
    width = np.abs(radius / uy)
    begin = -down * uy / ux  # to where the projection on the segment is its start
    stop = begin + length / ux
    first = np.maximum(across - width, np.minimum(begin, stop))
    last = np.minimum(across + width, np.maximum(begin, stop))
    is_near = (first <= last) & (length > 1e-6)
    left = np.where(is_near, np.minimum(left, a[:, 0] + first), left)
    return left, np.where(is_near, np.maximum(right, a[:, 0] + last), right)
