"""What the trainings of `conditions.py` say: a table, curves against labels, and plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentlab.analysis.arrays import Labels
from latentlab.analysis.classification.confusion import errors_only
from latentlab.data.builtin.photovoltaic.plant import CLASSES
from latentlab.experiments.monitoring.conditions import (
    ALL,
    BRIGHT,
    DATA,
    DROPOUT,
    EARLY,
    LABELS,
    LINEAR,
    MLP,
    MLPS,
    MODELS,
    PAIRS,
    REPORTED,
    SDGM,
    TWO,
    ConditionScore,
)
from latentlab.experiments.score_tables import MISSING, grouped, mean_of, mean_std

SPLITS = dict(zip(DATA, ("whole days held out", "minutes split at random"), strict=True))
FEW = min(LABELS[ALL][:-1])


def table_rows(scores: Sequence[ConditionScore]) -> list[dict[str, str]]:
    """A row for each setting and model: means and standard deviations over the seeds, and what the source reports."""
    rows = []
    for (data, sensors, labels, model), own in grouped(scores, lambda one: one.setting).items():
        reported = REPORTED.get((sensors, labels, model), MISSING) if data == DATA[1] else MISSING
        rows.append(
            {
                "data": data, "sensors": str(sensors), "labels": str(labels) if labels else "all", "model": model,
                "accuracy, %": mean_std([one.accuracy for one in own], 100), "reported, %": reported,
                "in bright light, %": mean_std([one.bright for one in own], 100),
                "seeds": str(len(own)), "CPU s": mean_std([one.seconds for one in own]),
            }
        )  # fmt: skip
    return rows


def accuracies(scores: Sequence[ConditionScore], data: str, sensors: int, labels: int, model: str) -> dict[int, float]:
    """Seed -> accuracy, of one setting."""
    return {one.seed: one.accuracy for one in scores if one.setting == (data, sensors, labels, model)}


def by_labels(scores: Sequence[ConditionScore], data: str, sensors: int) -> dict[str, list[list[float]]]:
    """Model -> for each number of labels the accuracies of all seeds."""
    return {
        model: [list(accuracies(scores, data, sensors, n, model).values()) for n in LABELS[sensors]] for model in MODELS
    }


def reported(data: str, sensors: int) -> dict[str, list[float | None]]:
    """Model -> for each number of labels the accuracy that the source reports, of a range its middle, or None."""
    texts = {model: [REPORTED.get((sensors, n, model), "") for n in LABELS[sensors]] for model in MODELS}
    return {
        model: [
            float(np.mean([float(end) for end in one.split(" to ")])) / 100 if one and data == DATA[1] else None
            for one in found
        ]
        for model, found in texts.items()
    }


def confusions(scores: Sequence[ConditionScore], data: str, sensors: int, labels: int, model: str) -> Labels:
    """(K, K) how many test examples of each condition are taken for each, over all seeds."""
    own = [one.confusion for one in scores if one.setting == (data, sensors, labels, model)]
    k = len(CLASSES)
    found: Labels = np.array(own, np.int64).reshape(-1, k, k).sum(0)
    return found


def gain(scores: Sequence[ConditionScore], data: str, sensors: int, labels: int, than: Sequence[str] = MLPS) -> str:
    """By how many points the SDGM is better with each seed than the best of some models, and which that is.

    The best is so by its mean over the seeds. Empty where nothing is known.
    """
    own = accuracies(scores, data, sensors, labels, SDGM)
    others = {name: accuracies(scores, data, sensors, labels, name) for name in than}
    others = {name: found for name, found in others.items() if found.keys() & own.keys()}
    if not others:
        return ""
    best = max(others, key=lambda name: float(np.mean(list(others[name].values()))))
    both = sorted(own.keys() & others[best].keys())
    return f"{', '.join(f'{100 * (own[k] - others[best][k]):+.0f}' for k in both)} points ({best})"


def verdict(scores: Sequence[ConditionScore]) -> list[str]:
    """What reproduces and what doesn't, of what was measured, in plain sentences."""
    text = list[str]()
    for sensors, given in ((ALL, "all six sensors"), (TWO, "current and voltage alone")):
        for data, how in SPLITS.items():
            few, every = (gain(scores, data, sensors, labels) for labels in (FEW, 0))
            if few and every:
                text.append(
                    f"With {given} and {how}, the SDGM differs from the best MLP by {few} with {FEW} labels, a "
                    f"training each, and by {every} with all labels."
                )
    text += [*_dropout(scores), *_sensors(scores), *_leak(scores), *_light(scores), *_pairs(scores)]
    return text


def _dropout(scores: Sequence[ConditionScore]) -> list[str]:
    with_it, without = (gain(scores, DATA[1], ALL, 0, (name, name + EARLY)) for name in (DROPOUT, MLP))
    if not (with_it and without):
        return []
    return [
        f"With all labels at random, the source's choice, the SDGM differs from the MLP with dropout by {with_it}, "
        f"from the one without it by {without}: the source compares with dropout."
    ]


def _sensors(scores: Sequence[ConditionScore]) -> list[str]:
    by_data = []
    for data, how in SPLITS.items():
        six, two = (accuracies(scores, data, sensors, 0, SDGM) for sensors in (ALL, TWO))
        both = six.keys() & two.keys()
        if both:
            by_data.append(f"{100 * np.mean([six[k] - two[k] for k in both]):.0f} points with {how}")
    if not by_data:
        return []
    reported = float(REPORTED[ALL, 0, SDGM]) - float(REPORTED[TWO, 0, SDGM])
    return [f"Six sensors instead of two add {' and '.join(by_data)}; in the source {reported:.0f}."]


def _leak(scores: Sequence[ConditionScore]) -> list[str]:
    ends = [list(accuracies(scores, data, ALL, 0, SDGM).values()) for data in DATA]
    if not all(ends):
        return []
    return [
        f"Neighbouring minutes are alike: with all labels the SDGM is right about {np.mean(ends[1]):.0%} of minutes "
        f"drawn at random, as the source splits them, and about {np.mean(ends[0]):.0%} on days held out."
    ]


def _light(scores: Sequence[ConditionScore]) -> list[str]:
    """What the source's numbers are compared with, of all minutes and of the bright ones."""
    said = []
    for model in (LINEAR, SDGM):
        own = [one for one in scores if one.setting == (DATA[1], ALL, 0, model)]
        if not own:
            return []
        every, bright = mean_of(own, "accuracy"), mean_of(own, "bright")
        source = REPORTED[ALL, 0, model]
        said.append(f"{model} about {every:.0%} of all and {bright:.0%} of the bright ones (source {source} %)")
    return [
        f"Under {BRIGHT:.0f} W/m², in the morning, in the evening and under clouds, faults that grow with the current "
        f"hide, and this plant is read there too. With all labels at random, {' and '.join(said)} are right."
    ]


def _pairs(scores: Sequence[ConditionScore]) -> list[str]:
    """How often the pairs that the source confuses most are confused, with all labels at random."""
    counts = confusions(scores, DATA[1], ALL, 0, SDGM) if accuracies(scores, DATA[1], ALL, 0, SDGM) else None
    if counts is None:
        return []
    shares = {pair: _confused(counts, *(CLASSES.index(name) for name in pair)) for pair in PAIRS}
    wrong = errors_only(counts + counts.T)
    i, j = np.unravel_index(int(np.triu(wrong).argmax()), wrong.shape)
    said = ", ".join(f"{a} and {b} {share:.1%}" for (a, b), share in shares.items())
    return [
        f"Of the pairs that the source confuses most, the SDGM takes one for the other in so many of both: {said}. "
        f"Most errors here are between {CLASSES[int(i)]} and {CLASSES[int(j)]}, "
        f"{_confused(counts, int(i), int(j)):.1%} of both."
    ]


def _confused(counts: Labels, i: int, j: int) -> float:
    """The share of the examples of two classes that is taken for the other one."""
    return float((counts[i, j] + counts[j, i]) / max(1, counts[[i, j]].sum()))
