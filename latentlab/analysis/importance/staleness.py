"""How old the weights are when workers refresh them in turn, and which share is younger than a threshold.

    rate weights a second over N examples: ages are even in [0, N/rate], so a threshold of a keeps min(1, a · rate / N)

(Alain 2018, §7.A.3: of 570,000 examples three workers' 4 seconds keep 15 %, which is 21,375 weights a second.)
"""

from __future__ import annotations

import numpy as np

from latentlab.analysis.arrays import Doubles

BYTES = 4  # of a number in single precision


def kept_share(threshold: float, rate: float, n: int) -> float:
    """The share of n weights, refreshed in turn at `rate` a second, that is no older than a threshold in seconds."""
    return min(1.0, threshold * rate / n)


def ages_in_turn(n: int, rate: float) -> Doubles:
    """(n,) seconds since each weight was refreshed, long after workers began to go round."""
    return np.arange(n) / rate


def kept_by_threshold(ages: Doubles, thresholds: Doubles) -> Doubles:
    """(T,) the share of weights no older than each threshold."""
    return np.searchsorted(np.sort(ages), thresholds, side="right") / len(ages)


def bytes_a_step(refreshed: int, n_parameters: int) -> tuple[int, int]:
    """What workers send in a step: of weights a number for each that was refreshed, or of gradients one a parameter."""
    return BYTES * refreshed, BYTES * n_parameters
