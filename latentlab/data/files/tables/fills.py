"""Fill values, such as -9999 for nothing, and single giants: far outside of all other numbers of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.files.archives import counted, listing

FAR = 3.0  # times the range of all other numbers, from there to a fill value
FAR_ALONE = 20.0  # the same to a single giant, or to a repeated number that isn't known as a fill value
LEAST = 8  # numbers that aren't the fill value
KNOWN = {99.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0, 99.99, 999.9, 999.99, 9999.9, 32767.0, 2147483647.0}
KNOWN |= {32768.0, 2147483648.0, 65535.0, 1e20, 1e30, 1e36, 9.96921e36}  # of NetCDF and GIS; with either sign
BLOCK = 64  # columns at a time
SQUEEZED = 0.01  # of the range of a column
MOST_NAMED, MOST_SORTED = 256, 20_000  # columns, and rows, that are looked at for it


class Filled(NamedTuple):
    """Numbers with NaN in the place of fill values."""

    x: NDArray[np.float32]  # (N, D)
    notes: tuple[str, ...]


def without_fills(x: NDArray[np.float32], names: Sequence[str]) -> Filled:
    """Numbers without fill values: those that people use as such, more than once, far from all others.

    Other numbers far from all others are named and kept.

    Args:
        x: (N, D); NaN where there is nothing.
        names: of the D columns, for the sentences.
    """
    fills: dict[float, list[tuple[str, int]]] = {}
    giants: list[str] = []
    copied = False
    for start in range(0, x.shape[1], BLOCK):
        block = x[:, start : start + BLOCK]
        finite = np.isfinite(block)
        low, high = _ends(block, finite)
        inner = finite & (block > low) & (block < high)
        low_2, high_2 = _ends(block, inner)
        with np.errstate(invalid="ignore"):
            span, gaps = high_2 - low_2, (low_2 - low, high - high_2)
        usable = inner.sum(axis=0) >= LEAST
        for gap, ends in zip(gaps, (low, high), strict=True):
            for k in np.flatnonzero(usable & (span > 0) & (span < np.inf) & (gap > FAR * span)).tolist():
                end, name = float(ends[k]), names[start + k]
                where = block[:, k] == ends[k]
                n = int(where.sum())
                if n > 1 and _is_known(end):
                    if not copied:
                        x, copied = x.copy(), True
                    x[where, start + k] = np.nan
                    fills.setdefault(end, []).append((name, n))
                elif gap[k] > FAR_ALONE * span[k]:
                    giants.append(
                        f"{end:g} in {name}" + (f" ({n} times)" if n > 1 else f" (row {int(where.argmax()) + 1})")
                    )
    notes = []
    for value, found in sorted(fills.items()):
        total = sum(n for _, n in found)
        where = listing([f"{name} ({n:,})" for name, n in found])
        notes.append(f"{value:g} stands for nothing in {counted(total, 'cell')}, far from all other numbers: {where}.")
    if giants:
        notes.append(f"Kept, but far outside of all other numbers of its column: {listing(giants)}.")
    return Filled(x, tuple(notes))


def squeezed(x: NDArray[np.float32], names: Sequence[str]) -> list[str]:
    """The columns of which half of the numbers lie within `SQUEEZED` of the range, to which they would be scaled.

    Args:
        x: (N, D) without NaN.
        names: of the D columns; of none, and of more than `MOST_NAMED`, nothing is said.
    """
    if not 0 < len(names) <= MOST_NAMED:
        return []
    low, high = np.quantile(x[:: -(-len(x) // MOST_SORTED)].astype(np.float64), (0.25, 0.75), axis=0)
    apart, span = high - low, x.max(0).astype(np.float64) - x.min(0)
    return [names[k] for k in np.flatnonzero((apart > 0) & (apart < SQUEEZED * span)).tolist()]


def _ends(block: NDArray[np.float32], where: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.min(block, axis=0, where=where, initial=np.inf).astype(np.float64)
    high = np.max(block, axis=0, where=where, initial=-np.inf).astype(np.float64)
    return low, high


def _is_known(value: float) -> bool:
    return any(np.isclose(abs(value), known, rtol=1e-6, atol=0) for known in KNOWN) or abs(value) > 1e37
