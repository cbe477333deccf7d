"""The columns of a table, or of a series: their names, the user's units, and quantiles of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Floats
from latentlab.data.dataset import LEVELS
from latentlab.data.library.scaling import Scale

MOST = 20_000  # examples whose quantiles are computed
DIGITS = 3  # of the range of a column, that a number is written with
EXACT = 7  # of the same, in files: what float32 keeps of a number between 0 and 1
WHOLE = 2**24  # from here on float32 has whole numbers only, and not all
LONG = 6  # decimals, from which on a number is written as a power of ten


@dataclass(frozen=True)
class Columns:
    """The D columns of examples of shape (D,), or (T, D) of a series.

    Attributes:
        names: of each.
        scale: from models' numbers back to the user's units, (D,).
        quantiles: (len(LEVELS), *shape) of the data, as models see them; of more than `MOST` examples about.
    """

    names: tuple[str, ...]
    scale: Scale
    quantiles: Floats

    @classmethod
    def of(cls, x: NDArray[np.floating], names: Sequence[str] = (), scale: Scale | None = None) -> Columns:
        """Those of some data.

        Args:
            x: (N, D) or (N, T, D) as models see them.
            names: of the columns; by default x1, x2 …
            scale: of vectors, or of series with one map for all times; None where models see the numbers as they are.
        """
        n, found = x.shape[-1], quantiles(x)
        called = tuple(names) or tuple(f"x{k + 1}" for k in range(n))
        low, span = (end.reshape(-1, n)[0] for end in scale or Scale.identity((n,)))
        return cls(called, Scale(low, span), found)

    def back(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., D) as models see them -> (..., D) in the user's units."""
        numbers: NDArray[np.float64] = self.scale.low + self.scale.span * x
        return numbers

    def texts(self, x: NDArray[np.floating]) -> list[str]:
        """(D,) as models see them -> each in the user's units, with as many digits as tell the data apart."""
        return [written(value, n) for value, n in zip(self.back(x).tolist(), self.decimals(), strict=True)]

    @property
    def heads(self) -> tuple[str, ...]:
        """What the numbers of an example are called in a file: those of a series at each time, from 1 on."""
        n_times = self.quantiles[0].size // len(self.names)
        if n_times == 1:
            return self.names
        return tuple(f"{name}, {t + 1}" for t in range(n_times) for name in self.names)

    def rounded(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., D) as models see them -> in the user's units, without the digits that scaling made up."""
        numbers = self.back(x)
        return np.stack([np.round(numbers[..., k], n) for k, n in enumerate(self.decimals(EXACT))], -1)

    def exact(self, x: NDArray[np.floating]) -> list[str]:
        """(*shape) of one example as models see it -> each number in the user's units, for a file."""
        return [_shortest(value) for value in self.rounded(x).ravel().tolist()]

    def decimals(self, digits: int = DIGITS) -> list[int]:
        """(D,) how many decimals show so many digits of the range of each column."""
        low, high = self.quantiles[0], self.quantiles[-1]
        ranges = (self.scale.span * (high - low)).reshape(-1, len(self.names)).max(0)
        power = np.floor(np.log10(np.where(ranges > 0, ranges, self.scale.span)))
        return [int(n) for n in digits - 1 - power]


def quantiles(x: NDArray[np.floating]) -> Floats:
    """(N, *shape) -> (len(LEVELS), *shape): the ends of all; the others, of very many, of every few of them."""
    found: Floats = np.quantile(x[:: -(-len(x) // MOST)], LEVELS, axis=0).astype(np.float32)
    found[0], found[-1] = x.min(0), x.max(0)
    return found


def _shortest(value: float) -> str:
    """The fewest digits that tell a number from the next one of float32, which data are read as."""
    short = np.format_float_positional(np.float32(value), trim="-")
    return f"{value:.15g}" if abs(value) >= WHOLE else short


def written(value: float, decimals: int) -> str:
    """A number to so many decimals; a very small or large one as a power of ten; a dash where there is none."""
    if math.isnan(value):
        return "–"
    if decimals > LONG or abs(value) >= 1e9:
        return f"{value:.4g}"
    return f"{value:,.{max(0, decimals)}f}"


def most_varied(x: NDArray[np.floating], middle: NDArray[np.floating], most: int) -> list[int]:
    """The columns that vary most among some examples, in their order; of a single one, those farthest from the middle.

    Args:
        x: (N, D) or (N, T, D).
        middle: (D,) or (T, D), the median of the data.
        most: how many.
    """
    apart = x - (x.mean(0) if len(x) > 1 else middle)
    size = np.square(apart).reshape(-1, x.shape[-1]).mean(0)
    return sorted(np.argsort(-size, kind="stable")[:most].tolist())
