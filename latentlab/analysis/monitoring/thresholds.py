"""From which score on something is an alarm: by how many false alarms are borne, or by what mistakes cost.

Readings of a day resemble each other: their scores are high together, on a day of unusual weather. What a threshold
promises of other days is therefore learned from days: what share of each is above the threshold that the others give,
and how far such shares differ between one half of the days and the other, drawn again and again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.stats import Proportion

LEAST_DAYS = 6  # from which on days say something of other days
MONTH = 30  # days on which a rate is promised
N_HALVES = 200
OUTER = (0.005, 0.995)  # quantiles over the halves; that a half has fewer days than all of them widens the band, too
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Threshold:
    """A threshold by the scores of normal examples.

    Attributes:
        value: scores above it are alarms.
        rate: the share of other normal examples above it, as expected, with its band. Where days are known: of `MONTH`
            other days. Else: of examples that are exchangeable with the n that it was taken from, which are so often
            above the k-th largest of them as Beta(k, n + 1 - k) says.
    """

    value: float
    rate: Proportion


def at_rate(normal: Doubles, rate: float, days: Labels | None = None) -> Threshold:
    """The lowest threshold whose expected share of false alarms is no larger than a rate, or else the highest score.

    Args:
        normal: (N,) scores of held-out normal examples.
        rate: between 0 and 1.
        days: (N,) the day of each, or another group whose examples resemble each other; None, or fewer than
            `LEAST_DAYS`: each example is for itself.

    Raises:
        ValueError: there are too few examples for so low a rate, or it is none.
    """
    from scipy.stats import beta

    n = len(normal)
    k = math.floor(rate * (n + 1) + 1e-9)
    if not 0 < rate < 1 or k < 1:
        raise ValueError(f"{n:,} normal examples can't promise a false-alarm rate of {rate:g}.")
    known = np.zeros(0) if days is None else np.unique(days)
    if len(known) >= LEAST_DAYS:
        return _by_days([normal[days == day] for day in known], rate, k)
    value = float(np.sort(normal)[n - k])
    low, high = beta.ppf([0.025, 0.975], k, n + 1 - k)
    return Threshold(value, Proportion(k / (n + 1), float(low), float(high)))


def _by_days(days: Sequence[Doubles], rate: float, most: int) -> Threshold:
    """Of the scores of each day; at most `most` of all are above the threshold."""
    n, least = sum(map(len, days)), 1
    while least < most:
        middle = (least + most + 1) // 2
        if _left_out(days, middle / (n + 1)) <= rate:
            least = middle
        else:
            most = middle - 1
    share, rng, found = most / (n + 1), np.random.default_rng(0), list[float]()
    for _ in range(N_HALVES):
        order, half = rng.permutation(len(days)), len(days) // 2
        value = _value([days[k] for k in order[:half]], share)
        found.append(float((np.concatenate([days[k] for k in order[half:][:MONTH]]) > value).mean()))
    low, high = np.quantile(found, OUTER)
    return Threshold(_value(days, share), Proportion(_left_out(days, share), float(low), float(high)))


def _left_out(days: Sequence[Doubles], share: float) -> float:
    """The share of all scores that is above the threshold of all other days."""
    above = 0
    for k, day in enumerate(days):
        above += int((day > _value([*days[:k], *days[k + 1 :]], share)).sum())
    return above / sum(map(len, days))


def _value(days: Sequence[Doubles], share: float) -> float:
    """The k-th largest score of n, k being so large a share of n + 1, at least 1."""
    scores = np.concatenate(days)
    k = max(1, math.floor(share * (len(scores) + 1) + 1e-9))
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])


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


def average_precision(scores: Doubles, is_faulty: Mask) -> float:
    """Σ (R_k - R_{k-1}) P_k over the thresholds, from the highest score on; equal scores are one threshold.

    Precision P is the share of faulty ones among those above, recall R the share of the faulty ones that are.

    Args:
        scores: (N,).
        is_faulty: (N,) booleans, at least one of them true.

    Raises:
        ValueError: there are no faulty examples.
    """
    if not is_faulty.any():
        raise ValueError("There are no faulty examples.")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores
    hits = np.cumsum(is_faulty[order])[last]
    above = np.flatnonzero(last) + 1
    return float((np.diff(hits, prepend=0) * hits / above).sum() / hits[-1])
