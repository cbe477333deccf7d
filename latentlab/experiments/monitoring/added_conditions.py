"""What is unknown to a plant's model, as its conditions become known one after the other.

`python -m latentlab reproduce monitoring` trains with each seed and prints the numbers; `TABLE` has those of the
last run. After Maaløe et al., Condition Monitoring in Photovoltaic Systems by Semi-supervised Machine Learning (2020),
Figure 8, or Maaløe's thesis (2018), Figure 6.3b: an SDGM is given one labelled example of each condition and 500 of
each that is known, and has to name the known ones and to find the others strange. Strange is whose bound U (eq. 7, the
ELBO without a label) is below the 1 % quantile of the known conditions' training examples; the source's -60 nats hold
for its data alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from latentlab.analysis.arrays import Labels
from latentlab.analysis.latent.support import classify_by
from latentlab.analysis.monitoring.scores import DRAWS, scores
from latentlab.analysis.monitoring.thresholds import auroc
from latentlab.data import Dataset
from latentlab.data.builtin.photovoltaic.plant import CLASSES, PLANTS
from latentlab.device import generator
from latentlab.experiments.monitoring.conditions import ALPHA, KNOBS, SDGM, SEEDS
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_of, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Classifies
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

ADDED = ("PS7", "RS4", "PS50", "RS8", "PSRS", "PS75")  # in the source's order
EACH = 500  # examples of a known condition, or as many as there are
STEPS, BATCH = 2_000, 200
QUANTILE = 0.01  # of U of the training examples of known conditions, below which an example is strange


@dataclass(frozen=True)
class AddedScore:
    """One training.

    Attributes:
        data: one of `condition_monitoring.DATA`.
        known: how many of `ADDED` are known.
        seed: of the split, of the examples that are taken, of the first parameters and of the noise.
        accuracy: share of right ones among all test examples.
        known_accuracy: the same among those of known conditions.
        labelled: nats: median U of test examples of known conditions, "ELBO Lab." of the source.
        unlabelled: nats: the same of all other conditions, "ELBO Unl.".
        threshold: nats, below which an example is strange.
        auroc: of -U, of other conditions against known ones.
        false_alarms: share of the test examples of known conditions that are strange.
        found: share of those of other conditions that are.
        medians: (K,) nats: median U of the test examples of each condition.
        seconds: of processor time for all of it.
    """

    data: str
    known: int
    seed: int
    accuracy: float
    known_accuracy: float
    labelled: float
    unlabelled: float
    threshold: float
    auroc: float
    false_alarms: float
    found: float
    medians: tuple[float, ...]
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(
    AddedScore, SHIPPED / "added-conditions.csv", part=lambda score: (score.data, score.known, score.seed)
)


def run(data: str, seeds: Sequence[int] = SEEDS) -> Iterator[AddedScore]:
    """Make the conditions known one after the other, with every seed; yields each score when it is there."""
    for seed in seeds:
        splits = PLANTS[data].split(data, seed)
        y = splits.test.y.numpy()
        for known in range(1, len(ADDED) + 1):
            began = time.process_time()
            train = given(splits.train, known, seed)
            config = TrainConfig(
                epochs=math.ceil(STEPS / math.ceil(len(train) / BATCH)), batch_size=BATCH, warmup=1 / 6, seed=seed
            )
            few = splits._replace(train=train, valid=splits.valid[:BATCH])  # nothing is decided by validation
            model = timed_training(SDGM, {**KNOBS, "alpha": ALPHA}, few, config).model
            assert isinstance(model, Classifies)
            rng, own = generator(seed), is_known(train.y.numpy(), known)
            fitted = -scores(model, train.batch().x[torch.from_numpy(own)], DRAWS, rng)
            found, is_own = -scores(model, splits.test.batch().x, DRAWS, rng), is_known(y, known)
            threshold = float(np.quantile(fitted, QUANTILE))
            right = classify_by(model)(splits.test.batch().x).argmax(1).numpy() == y
            yield AddedScore(
                data, known, seed, float(right.mean()), float(right[is_own].mean()), float(np.median(found[is_own])),
                float(np.median(found[~is_own])), threshold, auroc(-found[is_own], -found[~is_own]),
                float((found[is_own] < threshold).mean()), float((found[~is_own] < threshold).mean()),
                tuple(float(np.median(found[y == label])) for label in range(len(CLASSES))),
                time.process_time() - began,
            )  # fmt: skip


def table_rows(scores: Sequence[AddedScore]) -> list[dict[str, str]]:
    """A row for each step: means and standard deviations over the seeds."""
    rows = []
    for (data, known), own in grouped(scores, lambda one: (one.data, one.known)).items():
        columns: dict[str, tuple[str, float]] = {
            "accuracy, %": ("accuracy", 100), "of known ones, %": ("known_accuracy", 100),
            "median U of known, nats": ("labelled", 1), "of others, nats": ("unlabelled", 1),
            "threshold, nats": ("threshold", 1), "AUROC": ("auroc", 1), "false alarms, %": ("false_alarms", 100),
            "found, %": ("found", 100),
        }  # fmt: skip
        rows.append(
            {"data": data, "known": ", ".join(ADDED[:known])}
            | {name: mean_std([getattr(one, field) for one in own], by) for name, (field, by) in columns.items()}
            | {"seeds": str(len(own))}
        )
    return rows


def by_step(scores: Sequence[AddedScore], data: str, field: str) -> list[list[float]]:
    """For each number of known conditions a field of the scores of all seeds."""
    own = grouped((one for one in scores if one.data == data), lambda one: one.known)
    return [[getattr(one, field) for one in own.get(k + 1, [])] for k in range(len(ADDED))]


def verdict(scores: Sequence[AddedScore], data: str) -> str:
    """What a model that knows one condition, and one that knows all of `ADDED`, finds strange; empty if not measured.

    Args:
        scores: of all steps.
        data: one of `condition_monitoring.DATA`.
    """
    steps = grouped((one for one in scores if one.data == data), lambda one: one.known)
    if not steps:
        return ""
    first, last = (steps[known] for known in (min(steps), max(steps)))
    medians = np.mean([one.medians for one in first], 0)
    others = [k for k, name in enumerate(CLASSES) if name not in ADDED[: first[0].known]]
    nearest, farthest = (pick(others, key=lambda k: medians[k]) for pick in (max, min))
    return (
        f"As conditions are added, the AUROC of the others goes from {mean_of(first, 'auroc'):.3f} to "
        f"{mean_of(last, 'auroc'):.3f}, false alarms from {mean_of(first, 'false_alarms'):.1%} to "
        f"{mean_of(last, 'false_alarms'):.1%} (promised {QUANTILE:.0%}), and the share found from "
        f"{mean_of(first, 'found'):.0%} to {mean_of(last, 'found'):.0%}. To a model that knows {ADDED[0]} alone, "
        f"{CLASSES[farthest]} is strangest (median U {medians[farthest]:.0f} nats) and {CLASSES[nearest]} least "
        f"({medians[nearest]:.1f})."
    )


def is_known(y: Labels, known: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(N,) -> (N,): whether a condition is among the first ones that are added."""
    return np.isin(y, [CLASSES.index(name) for name in ADDED[:known]])


def given(train: Dataset, known: int, seed: int) -> Dataset:
    """One example of each condition, and `EACH` of each of the first `known` that are added."""
    rng, y = np.random.default_rng(seed), train.y.numpy()
    wanted = [EACH if name in ADDED[:known] else 1 for name in CLASSES]
    rows = [rng.permutation(np.flatnonzero(y == label))[:n] for label, n in enumerate(wanted)]
    return train[torch.from_numpy(np.concatenate(rows))]
