"""Intensities of any range to bytes: one scale for a whole set, found from its values and said."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.files.archives import counted

WHITE = 255
DARK = 127  # whole numbers up to here are no bytes that a camera or a scanner wrote
FAR = 10  # a value is far from the others where it is so many times their range away
FAR_SHARE = 1e-4  # of all values, that may be far from the others
LEAST = 100  # values among which one can be far
CHUNK = 1 << 24  # values that are scaled at a time


class Range(NamedTuple):
    """What becomes black and what becomes white."""

    low: float
    high: float
    n_above: int = 0  # values that are far above, and cut off
    n_below: int = 0

    @property
    def as_bytes(self) -> bool:
        """Whether it is that of bytes as they are."""
        return (self.low, self.high) == (0, WHITE)


def find_range(x: NDArray[Any]) -> Range:
    """Black and white of a set of intensities.

    Whole numbers within 0 … 255 of which one exceeds `DARK` are bytes; other numbers from 0 on reach from 0 to the
    largest, or to 1 where they are shares of it; any others from the least to the largest. At most `FAR_SHARE` of the
    values, where they are more than `FAR` times the range of the others away, don't count.
    """
    low, high = float(x.min()), float(x.max())
    if x.dtype == np.bool_:
        return Range(0, 1)
    ends = low, high
    if x.dtype.itemsize > 1 and x.size >= LEAST:
        low, high = _without_the_far(x, low, high)
    whole = x.dtype.kind != "f" or _is_whole(x)
    if low >= 0 and high <= 1:
        low, high = 0, 1
    elif low >= 0 and whole and high <= WHITE:
        low, high = 0, high if high <= DARK else WHITE
    n_above = int((x > high).sum()) if ends[1] > high else 0
    return Range(low, high, n_above, int((x < low).sum()) if ends[0] < low else 0)


def to_bytes(x: NDArray[Any]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Intensities (N, …) to bytes (N, …), and what was done to them; at most a byte too dark or too bright by rounding.

    Float64 and whole numbers beyond 2²⁴ lose nothing on the way that a byte could show.
    """
    found = find_range(x)
    if found.as_bytes and not (found.n_above or found.n_below):
        return np.ascontiguousarray(x.astype(np.uint8)), ()
    out = np.empty(x.shape, np.uint8)
    n_rows = max(1, CHUNK // max(1, x[0].size))
    for start in range(0, len(x), n_rows):
        out[start : start + n_rows] = scaled(x[start : start + n_rows], found)
    return out, sentences(x, found)


def scaled(x: NDArray[Any], found: Range) -> NDArray[np.uint8]:
    """Intensities to bytes by a range; what lies outside is cut off."""
    shares = (x.astype(np.float64) - found.low) / ((found.high - found.low) or 1)
    return np.asarray(np.rint(np.clip(shares, 0, 1) * WHITE).astype(np.uint8))


def sentences(x: NDArray[Any], found: Range) -> tuple[str, ...]:
    """What becomes of the intensities (N, …), and the values that are cut off."""
    notes = []
    if not found.as_bytes:
        notes.append(f"All are scaled alike, from {found.low:g} … {found.high:g} to 0 … {WHITE}.")
    for n, far, where, colour in (
        (found.n_above, x > found.high, "above", "white"),
        (found.n_below, x < found.low, "below", "black"),
    ):
        if n:
            notes.append(f"{_first(x, far, n)} far {where} the others became {colour}.")
    return tuple(notes)


def far_values(x: NDArray[Any]) -> tuple[str, ...]:
    """What to know of numbers (N, …) of which few are far from the others: scaled to [0, 1], those lie together."""
    found = find_range(x)
    n = found.n_above + found.n_below
    if not n:
        return ()
    which = _first(x, (x > found.high) | (x < found.low), n)
    return (f"{which} far from the others, which leaves these {found.high - found.low:g} of the range; remove it.",)


def _first(x: NDArray[Any], far: NDArray[np.bool_], n: int) -> str:
    at = int(np.flatnonzero(far)[0])
    return f"{counted(n, 'value')} (the first is {float(x.reshape(-1)[at]):g}, in example {at // x[0].size})"


def _without_the_far(x: NDArray[Any], low: float, high: float) -> tuple[float, float]:
    """The range of the values without the few that are far from the others."""
    flat = x.reshape(-1)
    n_far = max(1, int(FAR_SHARE * len(flat)))
    ordered = np.partition(flat, (n_far, len(flat) - n_far - 1))
    inner_low, inner_high = float(ordered[n_far]), float(ordered[-n_far - 1])
    reach = FAR * (inner_high - inner_low)
    if reach <= 0:
        return low, high
    above, below = inner_high + reach, inner_low - reach
    if high > above:
        high = float(flat[flat <= above].max())
    if low < below:
        low = float(flat[flat >= below].min())
    return low, high


def _is_whole(x: NDArray[Any]) -> bool:
    return all(bool((part == np.rint(part)).all()) for part in x)
