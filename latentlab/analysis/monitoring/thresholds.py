"""From which score on something is an alarm: by how many false alarms are borne, or by what mistakes cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.stats import Proportion


@dataclass(frozen=True)
class Threshold:
    """A threshold by the scores of normal examples.

    Attributes:
        value: scores above it are alarms.
        rate: the share of other normal examples above it, as expected, with its 95 % interval: what is exchangeable
            with the n examples is so often above the k-th largest of them as Beta(k, n + 1 - k) says.
    """

    value: float
    rate: Proportion


def at_rate(normal: Doubles, rate: float) -> Threshold:
    """The lowest threshold whose expected share of false alarms is no larger than a rate.

    Args:
        normal: (N,) scores of held-out normal examples.
        rate: between 0 and 1.

    Raises:
        ValueError: there are too few examples for so low a rate, or it is none.
    """
    from scipy.stats import beta

    n = len(normal)
    k = math.floor(rate * (n + 1) + 1e-9)
    if not 0 < rate < 1 or k < 1:
        raise ValueError(f"{n:,} normal examples can't promise a false-alarm rate of {rate:g}.")
    value = float(np.sort(normal)[n - k])
    low, high = beta.ppf([0.025, 0.975], k, n + 1 - k)
    return Threshold(value, Proportion(k / (n + 1), float(low), float(high)))


@dataclass(frozen=True)
class Cheapest:
    """The threshold of least cost.

    Attributes:
        value: scores above it are alarms; infinite where no alarm at all is cheapest.
        cost: mean cost of an example.
        false_alarms, misses: the share of normal and of faulty examples that it has wrong.
    """

    value: float
    cost: float
    false_alarms: float
    misses: float


def cheapest(normal: Doubles, faulty: Doubles, share: float, miss: float, false_alarm: float = 1.0) -> Cheapest:
    """The threshold that costs least: share · miss · P(miss) + (1 - share) · false_alarm · P(false alarm).

    Args:
        normal: (N,) scores.
        faulty: (M,) scores.
        share: of faulty examples in use.
        miss: what a missed one costs.
        false_alarm: what a false alarm costs.
    """
    values = np.unique(np.concatenate([[-np.inf], normal, faulty]))
    misses = np.searchsorted(np.sort(faulty), values, "right") / len(faulty)
    alarms = 1 - np.searchsorted(np.sort(normal), values, "right") / len(normal)
    cost = share * miss * misses + (1 - share) * false_alarm * alarms
    k = int(cost.argmin())
    value = float(values[k]) if k < len(values) - 1 else math.inf
    return Cheapest(value, float(cost[k]), float(alarms[k]), float(misses[k]))


def auroc(normal: Doubles, faulty: Doubles) -> float:
    """The probability that a faulty example scores higher than a normal one, equal scores counting half (Mann-Whitney).

    Raises:
        ValueError: one of both has no examples.
    """
    if not len(normal) or not len(faulty):
        raise ValueError("There are no examples.")
    order = np.sort(normal)
    below, up_to = np.searchsorted(order, faulty, "left"), np.searchsorted(order, faulty, "right")
    return float((below + up_to).mean() / (2 * len(normal)))
