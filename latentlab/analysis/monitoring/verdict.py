"""What the alarms of a stream mean, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.monitoring.alarms import Alarm, delay
from latentlab.analysis.monitoring.period import Noted
from latentlab.analysis.stats import Proportion

ROUND, LARGE = 1e3, 1e9  # scores between them are written without digits behind the point


def of_stream(
    scores: Doubles, found: Sequence[Alarm], begin: int, threshold: float, promised: float, step: str,
    knows: bool = False,
) -> str:  # fmt: skip
    """Whether and when a fault was noticed, and how many normal readings were above the threshold.

    Args:
        scores: (T,).
        found: the alarms.
        begin: the first reading with the fault; T where there is none.
        threshold: above which a score counts.
        promised: the share of normal readings that is above it.
        step: what a reading is, in the singular: "minute".
        knows: whether the model has classes: then no alarm may mean that it knows what it sees.
    """
    n, above = begin, int((scores[:begin] > threshold).sum())
    after, has_fault = delay(found, begin), begin < len(scores)
    if has_fault:
        late = "at once" if after == 0 else f"{_many(after or 0, step)} after it began"
        none = "The fault isn't too strange for the classes that are known. " if knows else "The fault isn't noticed. "
        text = none if after is None else f"Fault noticed {late}. "
    else:
        text = f"No fault, and {_many(len(found), 'alarm') if found else 'no alarm'}. "
    if not n:
        return text.strip()
    return (
        f"{text}{above:,} of {_many(n, step)} of normal operation {'is' if above == 1 else 'are'} above the threshold "
        f"({above / n:.1%}, promised {promised:.1%})."
    )


def of_readings(scores: Doubles, found: Sequence[Alarm], threshold: float, promised: float) -> str:
    """How many alarms the user's own readings raise, of which nobody knows whether they are normal.

    Args:
        scores: (T,) NaN where there is none.
        found: the alarms.
        threshold: above which a score counts.
        promised: the share of normal readings that is above it.
    """
    n, above = int(np.isfinite(scores).sum()), int((scores > threshold).sum())
    lost = f" {_many(len(scores) - n, 'reading')} without a score." if n < len(scores) else ""
    return (
        f"{_many(len(found), 'alarm') if found else 'No alarm'} in {_many(n, 'reading')}: {above:,} ({above / n:.1%}) "
        f"{'is' if above == 1 else 'are'} above the threshold; of normal ones {promised:.1%} would be.{lost}"
    )


def of_period(
    n: int, n_above: int, n_alarms: int, threshold: float, promised: Proportion | None, strongest: Noted | None
) -> str:
    """What happened in a period, and whether more is above the threshold than in normal operation.

    Args:
        n: readings with a score.
        n_above: of them above the threshold.
        n_alarms: all alarms.
        threshold: of the scores.
        promised: the share of normal readings above it, with its band; None where nothing promises it.
        strongest: the alarm with the highest peak.
    """
    if not n:
        return "There are no readings to say anything of."
    share = n_above / n
    text = f"{_many(n_alarms, 'alarm') if n_alarms else 'No alarm'} in {_many(n, 'reading')}. "
    if strongest is not None:
        at = strongest.peak or f"reading {strongest.alarm.peak_at:,}"
        text += f"The strongest, at {at}, with a score of {_score(strongest.alarm.peak)} against {_score(threshold)}: "
        text += f"{_sensors(strongest)}. "
    if promised is None:
        return f"{text}{share:.2%} of the readings are above the threshold."
    text += f"{share:.2%} of the readings are above the threshold; of normal ones it would be {promised.value:.2%}"
    if share > promised.high:
        return f"{text} ({promised.low:.2%} to {promised.high:.2%}): more than in normal operation."
    return f"{text} ({promised.low:.2%} to {promised.high:.2%}): no more of them than there may be in normal operation."


def _score(value: float) -> str:
    return f"{value:,.0f}" if ROUND <= abs(value) < LARGE else f"{value:.3g}"


def _sensors(one: Noted, most: int = 2) -> str:
    known = [sensor for sensor in one.sensors[:most] if sensor.deviations is not None]
    if not known:
        return "its readings are beyond what the model has numbers for"
    apart = np.array([sensor.deviations for sensor in known])
    return worst(apart, [sensor.name for sensor in known], most)


def of_classes(predicted: Labels, unknown: NDArray[np.bool_], begin: int, names: Sequence[str]) -> str:
    """What readings are taken for from the beginning of a fault on, or all of them where there is none.

    Args:
        predicted: (T,) the class of each reading; negative of one that has none.
        unknown: (T,) whether it is too strange for any.
        begin: the first reading with the fault; T where there is none.
        names: of the classes.
    """
    start = begin if begin < len(predicted) else 0
    has, strange = predicted[start:] >= 0, unknown[start:]
    n = int(has.sum())
    if not n:
        return ""
    counts = np.bincount(predicted[start:][has & ~strange], minlength=len(names))
    parts = [f"{counts[k] / n:.0%} as “{names[k]}”" for k in np.argsort(-counts, kind="stable")[:2] if counts[k]]
    text = f"{'From then on' if start else 'Of all readings'} {int((has & strange).sum()) / n:.0%} are unknown"
    return f"{text}{', ' if parts else ''}{' and '.join(parts)}."


def of_rate(promised: Proportion, measured: Proportion, n: int) -> str:
    """Whether the promised rate of false alarms holds on normal readings of other days, within the promised band."""
    within = promised.low <= measured.value <= promised.high
    return (
        f"The threshold promises {promised.value:.1%} false alarms, and on other days like those it was taken from "
        f"{promised.low:.1%} to {promised.high:.1%}. Of {n:,} normal readings of other days {measured.value:.1%} are "
        f"above it ({measured.low:.1%} to {measured.high:.1%}): {'as' if within else 'not what was'} promised."
    )


def worst(apart: Doubles, names: Sequence[str], most: int = 2) -> str:
    """The sensors that are farthest from what was expected, with their direction, for a sentence."""
    order = np.argsort(-np.abs(apart), kind="stable")[:most]
    return " and ".join(
        f"“{names[k]}” is {abs(apart[k]):.1f} deviations too {'high' if apart[k] > 0 else 'low'}" for k in order
    )


def _many(n: int, step: str) -> str:
    return f"{n:,} {step}" if n == 1 else f"{n:,} {step}s"
