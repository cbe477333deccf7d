"""Are anomalies of real sensors found? A VAE and the baselines on readings of a space shuttle, under one protocol.

`python -m latentlab reproduce monitoring-recorded` trains them with each seed; it takes the package `river`, which
carries the readings (extra `[recorded]`). All detectors are fitted to the normal readings for training; thresholds come
from the normal ones for validation, and everything is counted on the readings for the test. These are in no order of
time, so there is no delay.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.baselines import BASELINES
from latentlab.analysis.monitoring.scores import DRAWS, scores
from latentlab.analysis.monitoring.thresholds import Mask, at_rate, auroc, average_precision
from latentlab.data import UNLABELLED, Dataset, Splits, load
from latentlab.data.builtin.recorded import NORMAL
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import RATE
from latentlab.experiments.score_tables import ScoreTable, grouped, mean_of, mean_std
from latentlab.experiments.timed_training import timed_training
from latentlab.runs.store import SHIPPED
from latentlab.training.config import TrainConfig

DATA = "shuttle"
SEEDS = (0, 1, 2)
VAE = "vae"
KNOBS: Mapping[str, Any] = {"z_dim": 4, "hidden": 64, "likelihood": "real-gaussian"}
TRAINING: Mapping[str, Any] = {"epochs": 20, "batch_size": 200}
RESAMPLED = 200  # times, for an interval
Score = Callable[[Dataset], Doubles]


@dataclass(frozen=True)
class AnomalyScore:
    """One detector with one seed, on the readings for the test.

    Attributes:
        detector: its name.
        seed: of what is random in it.
        auroc: of anomalies against normal readings.
        precision: average precision: 1 for a perfect order, and the share of anomalies for a random one.
        low, high: its 95 % interval over draws of the readings.
        share: of anomalies among the readings.
        false_alarms: share of the normal readings above the threshold that promises `RATE`.
        found: share of the anomalies above it.
        seconds: of processor time to fit it.
    """

    detector: str
    seed: int
    auroc: float
    precision: float
    low: float
    high: float
    share: float
    false_alarms: float
    found: float
    seconds: float = field(default=math.nan, compare=False)


TABLE = ScoreTable(AnomalyScore, SHIPPED / "recorded-anomalies.csv")


def run(seeds: Sequence[int] = SEEDS) -> Iterator[AnomalyScore]:
    """Fit every detector with every seed; yields each score when it is there.

    Raises:
        DataError: the readings aren't here.
    """
    splits = load(DATA)
    train, valid = (_normal(part) for part in (splits.train, splits.valid))
    is_faulty = splits.test.y.numpy() != NORMAL
    for seed in seeds:
        for name in (VAE, *BASELINES):
            began = time.process_time()
            score = _vae(train, valid, seed) if name == VAE else _of_arrays(BASELINES[name](_rows(train), seed))
            seconds = time.process_time() - began
            yield _measured(name, seed, score(valid), score(splits.test), is_faulty, seconds)


def _normal(part: Dataset) -> Dataset:
    """Its normal readings, without labels."""
    kept = part[torch.nonzero(part.y == NORMAL)[:, 0]]
    return replace(kept, y=torch.full_like(kept.y, UNLABELLED), classes=())


def _vae(train: Dataset, valid: Dataset, seed: int) -> Score:
    model = timed_training(VAE, KNOBS, Splits(train, valid, valid), TrainConfig(**{**TRAINING, "seed": seed})).model
    return lambda data: scores(model, data.batch().x, DRAWS, generator(0))


def _of_arrays(score: Callable[[Doubles], Doubles]) -> Score:
    return lambda data: score(_rows(data))


def _rows(data: Dataset) -> Doubles:
    return data.batch().x.double().numpy()


def _measured(name: str, seed: int, normal: Doubles, found: Doubles, is_faulty: Mask, seconds: float) -> AnomalyScore:
    rng, n, threshold = np.random.default_rng(seed), len(found), at_rate(normal, RATE).value
    drawn = [rng.integers(n, size=n) for _ in range(RESAMPLED)]
    again = [average_precision(found[rows], is_faulty[rows]) for rows in drawn if is_faulty[rows].any()]
    low, high = np.quantile(again, (0.025, 0.975))
    return AnomalyScore(
        name, seed, auroc(found[~is_faulty], found[is_faulty]), average_precision(found, is_faulty), float(low),
        float(high), float(is_faulty.mean()), float((found[~is_faulty] > threshold).mean()),
        float((found[is_faulty] > threshold).mean()), seconds,
    )  # fmt: skip


def verdict(scores: Sequence[AnomalyScore]) -> str:
    """Which detector is best, whether another is as good, and what the VAE finds, in plain sentences."""
    own = _by_detector(scores)
    found = {name: mean_of(some, "precision") for name, some in own.items()}
    if VAE not in found or len(found) < 2:
        return ""
    best, *others = sorted(found, key=lambda name: -found[name])
    low = mean_of(own[best], "low")
    alike = [name for name in others if mean_of(own[name], "high") >= found[best] or found[name] >= low]
    text = f"By average precision the best of {len(found)} is {_named(best, found)}"
    if alike:
        text += f", which can't be distinguished from {' and '.join(_named(name, found) for name in alike)}"
    if VAE not in (best, *alike):
        text += f"; {_named(VAE, found)} is behind"
    return (
        f"{text}. The last is {_named(others[-1], found)}; a random order has {scores[0].share:.3f}. At a promised "
        f"rate of {RATE:.0%} the VAE finds {mean_of(own[VAE], 'found'):.1%} of the anomalies with "
        f"{mean_of(own[VAE], 'false_alarms'):.2%} false alarms."
    )


def _named(name: str, found: Mapping[str, float]) -> str:
    return f"the {name.upper() if name == VAE else name} ({found[name]:.3f})"


def table_rows(scores: Sequence[AnomalyScore]) -> list[dict[str, str]]:
    """A row for each detector: means and standard deviations over the seeds; the interval is of the readings."""
    return [
        {
            "detector": name,
            "AUROC, %": mean_std([one.auroc for one in own], 100),
            "average precision, %": mean_std([one.precision for one in own], 100),
            "95 %": f"{100 * np.mean([one.low for one in own]):.1f} to {100 * np.mean([one.high for one in own]):.1f}",
            "found, %": mean_std([one.found for one in own], 100),
            "false alarms, %": mean_std([one.false_alarms for one in own], 100),
            "seeds": str(len(own)),
            "CPU s": mean_std([one.seconds for one in own]),
        }
        for name, own in _by_detector(scores).items()
    ]


def _by_detector(scores: Sequence[AnomalyScore]) -> dict[str, list[AnomalyScore]]:
    return grouped(scores, lambda one: one.detector)
