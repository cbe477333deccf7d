"""Which condition is a plant in? The source's classifiers on simulated readings, split as it does and by whole days.

`python -m latentlab reproduce monitoring` trains them with each seed and prints the accuracies; `TABLE` has the scores
of the last run, which `condition_results.py` sums up. After Maaløe et al., Condition Monitoring in Photovoltaic Systems
by Semi-supervised Machine Learning (2020), Tables II and III and Figures 4, 5 and 7, or Maaløe's thesis (2018), Tables
6.1 and 6.2 and Figure 6.3: logistic regression, an MLP and an SDGM, of layers of 50 units, given current and voltage or
all six sensors, with 100 to 1,500 labels or all. The source's MLP has a dropout of one half and is stopped early;
the same MLP is trained without one, and to its end, too. A seed draws the split, the labels and the first parameters.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.classification.confusion import confusion
from latentlab.analysis.latent.support import classify_by
from latentlab.data import Dataset, Splits, hide_labels, labelled_part
from latentlab.data.builtin.photovoltaic.plant import CLASSES, PLANTS, SENSORS
from latentlab.data.library.scaling import Scale
from latentlab.experiments.score_tables import ScoreTable
from latentlab.experiments.timed_training import timed_training
from latentlab.models import Classifies, Model
from latentlab.runs.store import SHIPPED
from latentlab.training.baselines import fit, flat
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.loop import start, train

SEEDS = (0, 1, 2)
DATA = ("photovoltaic", "photovoltaic-random")  # by whole days, and minutes at random as in the source
ALL, TWO = 6, 2  # sensors: all, and current and voltage
LABELS: Mapping[int, tuple[int, ...]] = {ALL: (100, 500, 1_500, 0), TWO: (100, 0)}  # 0: of all examples
LINEAR, MLP, DROPOUT, SDGM, EARLY = "linear", "mlp", "mlp, dropout", "sdgm", ", early"
MLPS = (MLP, MLP + EARLY, DROPOUT, DROPOUT + EARLY)  # early: where the cross-entropy of validation is lowest
MODELS = (LINEAR, *MLPS, SDGM)
KNOBS: Mapping[str, Any] = {"z_dim": 10, "a_dim": 10, "hidden": 50, "likelihood": "real-gaussian"}
TRAINING: Mapping[str, Any] = {"epochs": 60, "batch_size": 200, "warmup": 1 / 6}
ALPHA = 1.0  # weight of the classification where every example has its label
DROPPED: Mapping[str, float] = {MLP: 0.0, DROPOUT: 0.5}
BATCH, STEPS, EPOCH = 200, 4_000, 2_000  # of an MLP; an epoch has at least so many examples, the same ones again
REPORTED: Mapping[tuple[int, int, str], str] = {  # per cent, of (sensors, labels, model)
    (2, 0, LINEAR): "51.62", (2, 0, DROPOUT + EARLY): "77.81", (2, 0, SDGM): "79.06",
    (6, 0, LINEAR): "77.33", (6, 0, DROPOUT + EARLY): "89.11", (6, 0, SDGM): "92.47",
    (2, 100, LINEAR): "35 to 45", (2, 100, DROPOUT + EARLY): "35 to 45", (2, 100, SDGM): "55 to 60",
    (6, 1_500, SDGM): "93.12",
}  # fmt: skip
IRRADIANCE, BRIGHT = SENSORS.index("irradiance, W/m²"), 200.0  # W/m²: with less, faults that grow with current hide
PAIRS = (("C", "S"), ("RS8", "PS50"), ("N", "RS4"), ("RS8", "IV"))  # that the source confuses most


@dataclass(frozen=True)
class ConditionScore:
    """One training.

    Attributes:
        data: one of `DATA`.
        sensors: how many are given.
        labels: how many training examples have one; 0: all.
        model: one of `MODELS`.
        seed: of the split, of the labels that are kept, of the first parameters and of the order of the examples.
        accuracy: share of right ones among the test examples.
        bright: the same among those read in at least `BRIGHT` of light.
        confusion: (K·K,) how many test examples of each condition are taken for each, row by row.
        seconds: of processor time for the training.
    """

    data: str
    sensors: int
    labels: int
    model: str
    seed: int
    accuracy: float
    bright: float
    confusion: tuple[float, ...]
    seconds: float = field(default=math.nan, compare=False)

    @property
    def setting(self) -> tuple[str, int, int, str]:
        """All but the seed."""
        return self.data, self.sensors, self.labels, self.model


TABLE = ScoreTable(ConditionScore, SHIPPED / "condition-monitoring.csv", part=lambda score: (score.setting, score.seed))


def run(data: str, seeds: Sequence[int] = SEEDS) -> Iterator[ConditionScore]:
    """Train every model with every seed; yields each score when it is there."""
    for seed in seeds:
        drawn = PLANTS[data].split(data, seed)
        is_bright = _light(drawn.test) >= BRIGHT
        for sensors, sizes in LABELS.items():
            splits = Splits(*(first_sensors(part, sensors) for part in drawn))
            for labels in sizes:
                given = splits._replace(train=hide_labels(splits.train, labels, seed)) if labels else splits
                began = time.process_time()
                for model, predicted in _predictions(given, labels, seed):
                    seconds = time.process_time() - began
                    y = given.test.y.numpy()
                    right, cells = predicted == y, confusion(predicted, y, len(CLASSES)).ravel()
                    yield ConditionScore(
                        data, sensors, labels, model, seed, float(right.mean()), float(right[is_bright].mean()),
                        tuple(map(float, cells)), seconds,
                    )  # fmt: skip
                    began = time.process_time()


def _light(part: Dataset) -> Doubles:
    """(N,) W/m² of each reading."""
    x = part.batch().x
    return (x if part.scale is None else part.scale.back(x))[:, IRRADIANCE].double().numpy()


def first_sensors(part: Dataset, n: int) -> Dataset:
    """The first n sensors of readings."""
    scale = part.scale and Scale(part.scale.low[:n], part.scale.span[:n])
    return replace(part, x=part.x[:, :n], names=part.names[:n], scale=scale)


def _predictions(splits: Splits, labels: int, seed: int) -> Iterator[tuple[str, Labels]]:
    """Each of `MODELS`, and (N,) the condition of each test example as it says."""
    own, x = labelled_part(splits.train).batch(), splits.test.batch().x
    yield LINEAR, fit("linear", own.x, own.y, [], seed).predict(flat(x))
    for name, rate in DROPPED.items():
        yield from ((name + when, _classes(model, x)) for when, model in _mlps(splits, rate, seed))
    knobs = KNOBS if labels else {**KNOBS, "alpha": ALPHA}
    config = TrainConfig(**{**TRAINING, "seed": seed})
    few = splits._replace(valid=splits.valid[:BATCH])  # nothing is decided by them
    yield SDGM, _classes(timed_training(SDGM, knobs, few, config).model, x)


def _mlps(splits: Splits, rate: float, seed: int) -> Iterator[tuple[str, Model]]:
    """An MLP at the end of its training, and where its validation cross-entropy is lowest."""
    own = labelled_part(splits.train)
    splits = splits._replace(train=own[torch.arange(len(own)).repeat(math.ceil(EPOCH / len(own)))])
    per_epoch = math.ceil(len(splits.train) / BATCH)
    config = TrainConfig(epochs=math.ceil(STEPS / per_epoch), batch_size=BATCH, seed=seed)
    knobs = {"depth": 2, "hidden": KNOBS["hidden"], "dropout": rate}
    model = start("mlp", model_config("mlp", knobs, splits.train, config), splits.train.spec, config)
    least, early = math.inf, model.state_dict()
    for metrics in train(model, splits, config, report_every=1_000_000):
        if metrics.valid["loss"] < least:
            least, early = metrics.valid["loss"], copy.deepcopy(model.state_dict())
    yield "", model
    model.load_state_dict(early)
    yield EARLY, model


def _classes(model: Model, x: Tensor) -> Labels:
    assert isinstance(model, Classifies)
    return classify_by(model.cpu().eval())(x).argmax(1).numpy()
