"""Which setting of a grid is best on held-out examples, and whether the seeds show that it is.

Settings are compared by means over seeds. Two settings that were trained with the same seeds are compared seed by seed:
the t interval of the differences (Student 1908) says whether one is better. The setting that is called best is chosen
among many, so its own mean flatters it; the difference from the next one is what counts, and the test set, which chose
nothing, is looked at for that setting alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.arrays import Doubles

LEVEL = 0.95  # of the intervals


class Interval(NamedTuple):
    """A mean and its t interval over seeds; the ends are NaN of fewer than two seeds."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        """ "4.9 ± 3.5": two digits of half the width, and as many decimals of the mean; empty of no seed."""
        if not self.n or math.isnan(self.half):
            return f"{self.mean:.4g}" if self.n else ""
        decimals = max(0, 1 - math.floor(math.log10(self.half))) if self.half > 0 else 3
        return f"{self.mean:.{decimals}f} ± {self.half:.{decimals}f}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """The settings of a grid by their held-out scores.

    Attributes:
        settings: (S) the interval of each setting over its seeds; of no seed all is NaN.
        order: (K,) the settings that have all seeds, the best first.
        leads: (K) by how much the best is better than each in that order, paired by seed; above 0 is better.
    """

    settings: Sequence[Interval]
    order: NDArray[np.int64]
    leads: Sequence[Interval]

    @property
    def best(self) -> int | None:
        """The setting with the best mean; None while none has all seeds."""
        return int(self.order[0]) if len(self.order) else None

    @property
    def tied(self) -> list[int]:
        """The settings, the best among them, that aren't shown to be worse than the best."""
        return [int(k) for k, lead in zip(self.order, self.leads, strict=True) if not lead.low > 0]

    @property
    def is_clear(self) -> bool:
        """Whether the best is better than the next: the interval of their differences lies above 0."""
        return len(self.leads) > 1 and self.leads[1].low > 0


def interval(values: ArrayLike) -> Interval:
    """The mean of (R,) numbers and its t interval, those that are NaN left out."""
    from scipy.special import stdtrit

    found = np.asarray(values, np.float64)
    found = found[~np.isnan(found)]
    n = len(found)
    mean = float(found.mean()) if n else math.nan
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2) * found.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan
    return Interval(mean, mean - half, mean + half, n)


def compare(scores: ArrayLike, higher_is_better: bool) -> Comparison:
    """The settings by their scores.

    Args:
        scores: (S, R) held-out score of each setting and seed, NaN where there is none yet. A setting that lacks a seed
            is not ranked.
        higher_is_better: than a lower score.
    """
    found: Doubles = np.asarray(scores, np.float64)
    settings = [interval(row) for row in found]
    complete = np.flatnonzero(~np.isnan(found).any(1))
    better = found if higher_is_better else -found
    order = complete[np.argsort(-better[complete].mean(1), kind="stable")]
    leads = [interval(better[order[0]] - better[k]) for k in order]
    return Comparison(settings, order, leads)


def bands(curves: ArrayLike) -> tuple[Doubles, Doubles, Doubles]:
    """Mean, lower and upper end over seeds of each setting after each epoch: each (S, E).

    Args:
        curves: (S, R, E), NaN where a training has no such epoch (yet). Of one seed alone the ends are the mean.
    """
    from scipy.special import stdtrit

    found: Doubles = np.asarray(curves, np.float64)
    n = (~np.isnan(found)).sum(1)
    total = np.nansum(found, 1)
    mean = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    variance = np.nansum(np.square(found - mean[:, None]), 1) / np.maximum(n - 1, 1)
    half = np.where(n > 1, stdtrit(np.maximum(n - 1, 1), (1 + LEVEL) / 2) * np.sqrt(variance / np.maximum(n, 1)), 0.0)
    return mean, mean - half, mean + half


def verdict(found: Comparison, names: Sequence[str], unit: str) -> str:
    """Which setting is best, or that none is shown to be, in a sentence or two.

    Args:
        found: of the scores.
        names: (S) of the settings.
        unit: of the scores.
    """
    best = found.best
    if best is None:
        return "No setting has been trained with all seeds yet."
    unit = f" {unit}" if unit else ""
    here = found.settings[best]
    if len(found.order) == 1:
        return f"Only “{names[best]}” has been trained with all seeds yet: {here.mean:.4g}{unit} on held-out examples."
    lead, second = found.leads[1], names[int(found.order[1])]
    if here.n < 2:
        return (
            f"“{names[best]}” has the best score on held-out examples, {here.mean:.4g}{unit}, {lead.mean:.2g} ahead of "
            f"“{second}”; one seed can't say whether that is more than chance."
        )
    ahead = f"by {lead.mean:.3g}{unit} [{lead.low:.3g}, {lead.high:.3g}] on held-out examples"
    how = f"({here.n} seeds, paired, 95 % interval)"
    if found.is_clear:
        return f"Best: “{names[best]}” leads the next, “{second}”, {ahead} {how}."
    rest = len(found.tied) - 1
    as_good = f"“{second}”" if rest == 1 else f"{rest} others"
    return (
        f"No setting is better than the next: “{names[best]}” leads “{second}” {ahead}, which may be 0 {how}. It has "
        f"the best mean; {as_good} may be as good."
    )
