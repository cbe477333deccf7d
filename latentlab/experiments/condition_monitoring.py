"""Which condition is a plant in? The source's classifiers on simulated readings, split as it does and by whole days.

`python -m latentlab reproduce monitoring` trains them with each seed and prints the accuracies; `read` returns the
scores of the last run. After Maaløe et al., Condition Monitoring in Photovoltaic Systems by Semi-supervised Machine
Learning (2020), Tables II and III, or Maaløe's thesis (2018), Tables 6.1 and 6.2: logistic regression, an MLP and an
SDGM, of layers of 50 units, given all six sensors, with all labels or 100. The source's MLP has a dropout of one half.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from latentlab.data import Splits, hide_labels, labelled_part, load
from latentlab.experiments import score_tables
from latentlab.experiments.score_tables import MISSING, as_text, grouped, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.runs.store import SHIPPED
from latentlab.training.baselines import BASELINES, fit, flat
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate

RESULTS = SHIPPED / "condition-monitoring.csv"
SEEDS = (0, 1, 2)
DATA = ("photovoltaic", "photovoltaic-random")  # by whole days, and minutes at random as in the source
LABELS = (100, 0)  # 0: all
SDGM = "sdgm"
KNOBS: Mapping[str, Any] = {"z_dim": 10, "a_dim": 10, "hidden": 50, "likelihood": "real-gaussian"}
TRAINING: Mapping[str, Any] = {"epochs": 60, "batch_size": 400, "warmup": 1 / 6}
ALPHA = 1.0  # weight of the classification where every example has its label
REPORTED: Mapping[tuple[int, str], str] = {(0, "linear"): "77.33", (0, "mlp"): "89.11", (0, SDGM): "92.47"}  # per cent


@dataclass(frozen=True)
class ConditionScore:
    """One training.

    Attributes:
        data: one of `DATA`.
        labels: how many training examples have one; 0: all.
        model: "linear", "mlp" or "sdgm".
        seed: of the labels that are kept, the first parameters and the order of the examples.
        accuracy: share of right ones among the test examples.
        seconds: of processor time for the training.
    """

    data: str
    labels: int
    model: str
    seed: int
    accuracy: float
    seconds: float = field(default=math.nan, compare=False)


def run(data: str, seeds: Sequence[int] = SEEDS) -> Iterator[ConditionScore]:
    """Train every model with every seed; yields each score when it is there."""
    splits = load(data)
    for seed in seeds:
        for labels in LABELS:
            given = splits._replace(train=hide_labels(splits.train, labels, seed)) if labels else splits
            for name in (*BASELINES, SDGM):
                began = time.process_time()
                accuracy = _accuracy(name, given, labels, seed)
                yield ConditionScore(data, labels, name, seed, accuracy, time.process_time() - began)


def _accuracy(name: str, splits: Splits, labels: int, seed: int) -> float:
    test = splits.test.batch()
    for plain in BASELINES:
        if name == plain:
            own = labelled_part(splits.train).batch()
            return float(fit(plain, own.x, own.y, [KNOBS["hidden"]] * 2, seed).score(flat(test.x), test.y.numpy()))
    config = TrainConfig(**{**TRAINING, "seed": seed})
    knobs = KNOBS if labels else {**KNOBS, "alpha": ALPHA}
    return 1 - evaluate(timed_training(name, knobs, splits, config).model, splits.test)["error"]


def gain(scores: Sequence[ConditionScore], data: str, labels: int) -> str:
    """By how many percentage points the SDGM is better than the MLP of the same seed; empty where nothing is known."""
    own = [one for one in scores if (one.data, one.labels) == (data, labels)]
    by_seed = {name: {one.seed: one.accuracy for one in own if one.model == name} for name in (SDGM, "mlp")}
    both = sorted(by_seed[SDGM].keys() & by_seed["mlp"].keys())
    return ", ".join(f"{100 * (by_seed[SDGM][k] - by_seed['mlp'][k]):+.0f}" for k in both)


def verdict(scores: Sequence[ConditionScore]) -> str:
    """What reproduces and what doesn't, of what was measured, in plain sentences."""
    text = list[str]()
    for data, how in zip(DATA, ("whole days held out", "minutes split at random"), strict=True):
        few, every = (gain(scores, data, labels) for labels in LABELS)
        if few and every:
            text.append(
                f"With {how} the SDGM's accuracy differs from the MLP's by {few} percentage points with 100 labels, a "
                f"training each, and by {every} with all labels."
            )
    ends = [[one.accuracy for one in scores if (one.data, one.labels, one.model) == (data, 0, SDGM)] for data in DATA]
    if all(ends):
        text.append(
            f"Neighbouring minutes are alike: with all labels the SDGM is right about {np.mean(ends[1]):.0%} of "
            f"minutes drawn at random, as the source splits them, and about {np.mean(ends[0]):.0%} on days held out."
        )
    return " ".join(text)


def table(scores: Sequence[ConditionScore]) -> str:
    """A line for each setting and model, as text."""
    return as_text(table_rows(scores))


def table_rows(scores: Sequence[ConditionScore]) -> list[dict[str, str]]:
    """A row for each setting and model: means and standard deviations over the seeds, and what the source reports."""
    rows = []
    for key, own in grouped(scores, lambda one: (one.data, one.labels, one.model)).items():
        data, labels, model = key
        random = data == DATA[1]
        rows.append(
            {
                "data": data,
                "labels": str(labels) if labels else "all",
                "model": model,
                "accuracy, %": mean_std([one.accuracy for one in own], 100),
                "reported, %": REPORTED.get((labels, model), MISSING) if random else MISSING,
                "seeds": str(len(own)),
                "CPU s": mean_std([one.seconds for one in own]),
            }
        )
    return rows


def save(scores: Sequence[ConditionScore], path: Path | None = None) -> None:
    """Write scores as CSV."""
    score_tables.save(scores, path or RESULTS)


def read(path: Path | None = None) -> list[ConditionScore]:
    """The scores of a file that `save` wrote; none if there is none."""
    return score_tables.read(ConditionScore, path or RESULTS)
