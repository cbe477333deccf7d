"""Whether a sensor reads in other units than those that were learned from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentlab.analysis.arrays import Doubles

FAR = 6.0  # standard deviations of normal readings: so far from their mean is nearly every reading
NEARLY = 0.05  # of the readings may be nearer
TIMES = 30.0  # as large, or as small, as normal readings they are, and vary as much or as little
LARGE = 0.95  # quantile of their size
LEAST = 30  # readings whose spread says something


class OtherUnit(NamedTuple):
    """A sensor whose unit may be another.

    Attributes:
        sensor: its number.
        read: the median of what it reads.
        usual: the median of normal readings.
    """

    sensor: int
    read: float
    usual: float


def other_units(readings: Doubles, normal: Doubles) -> list[OtherUnit]:
    """The sensors that are far from normal in nearly every reading, or are and vary on another scale altogether.

    Args:
        readings: (T, D); NaN where there is no number.
        normal: (N, D) in the units that were learned from.
    """
    found = []
    for k, known in enumerate(normal.T):
        read = readings[np.isfinite(readings[:, k]), k]
        std = float(known.std())
        if not len(read) or not std:
            continue
        far = float(np.quantile(np.abs(read - known.mean()), NEARLY)) > FAR * std
        size, usual = (float(np.quantile(np.abs(one), LARGE)) for one in (read, known))
        ratios = sorted((float(read.std()) / std, size / max(usual, std)))
        of_scale = len(read) >= LEAST and ratios[0] > 0 and (ratios[1] < 1 / TIMES or ratios[0] > TIMES)
        if far or of_scale:
            found.append(OtherUnit(k, float(np.median(read)), float(np.median(known))))
    return found
