"""The curvature of a classifier's loss in the course of its training, and what follows its lowest direction.

`python -m latentlab reproduce curvature` trains the classifiers of digits (d = 1,378) with three seeds, prints the
tables of `progress`, `subsets`, `following` and of `curvature_race`, and keeps them; `--data mnist` measures the larger
network (d = 13,818). After Alain (2018), chapter 11, whose network has 3.3 million parameters and whose figures have no
numbers: what is checked is what its text says of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.curvature.eigenpairs import extreme
from latentlab.analysis.curvature.lines import best_step
from latentlab.analysis.curvature.objective import Objective, objective_of
from latentlab.analysis.curvature.subsets import of_subsets
from latentlab.analysis.curvature.tracking import follow
from latentlab.data import Dataset, Splits, load
from latentlab.models import MODELS, Trains
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

SEEDS = (0, 1, 2)
PRECISION = torch.float32  # of the products: eigenvalues are right to about 1e-5 of the largest
MANY = 10_000  # epochs: the steps say when to stop
TRAINING: Mapping[str, Any] = {
    "optimizer": "rmsprop",
    "learning_rate": 1e-3,
    "batch_size": 32,
    "schedule": "constant",
    "epochs": MANY,
}


@dataclass(frozen=True)
class Setting:
    """A classifier, its training, and how its Hessian is measured.

    Attributes:
        network: knobs of the convolutional classifier.
        n_train: examples that it is trained on; 0 for all.
        n: of these, the first so many are those of the Hessian.
        steps: of the training at which it is measured.
        n_high, n_low: eigenpairs of either end.
        fractions: of the `n_all` examples whose Hessian is compared with theirs, at `subset_step`; none: it isn't.
    """

    network: Mapping[str, Any]
    n_train: int
    n: int
    steps: tuple[int, ...]
    n_high: int
    n_low: int
    fractions: tuple[float, ...] = ()
    subset_step: int = 150


SETTINGS = {
    "digits": Setting(
        {"width": 4, "kernel": 3, "hidden": 24, "dropout": 0.0}, 0, 400, (0, 20, 50, 100, 400), 20, 10,
        (0.05, 0.25, 0.5, 1.0),
    ),
    "mnist": Setting(
        {"width": 4, "kernel": 5, "hidden": 32, "dropout": 0.0}, 2_000, 500, (0, 50, 400), 10, 5
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ProgressScore:
    """The extreme eigenpairs of one training after some steps; SA are the smallest, LA the largest.

    Attributes:
        loss: over the fixed examples.
        smallest, largest: eigenvalues.
        low_change, high_change: of the loss by the best step along any eigenvector of SA, of LA.
        low_median, high_median: the medians of these changes over the eigenvectors.
        newton: median over LA of 1/(α* λ), 1 where the best step is Newton's.
        longer: median over SA of |α* λ|, how many times 1/|λ| the best step is.
        low_products, high_products: with the Hessian.
        seconds: of processor time.
    """

    data: str
    seed: int
    step: int
    loss: float
    smallest: float
    largest: float
    low_change: float
    high_change: float
    low_median: float
    high_median: float
    newton: float
    longer: float
    low_products: int
    high_products: int
    seconds: float = field(default=math.nan, compare=False)


@dataclass(frozen=True)
class SubsetScore:
    """Eigenpairs of the mean loss of some examples against those of all of them, ten of either end.

    Attributes:
        n: examples.
        end: LA or SA.
        error: the largest relative error of an eigenvalue.
        extreme_error: that of the extreme one.
        cosine: |v · v'| of the extreme eigenvectors.
        angle: the largest principal angle between the spaces of the ten, in degrees.
    """

    seed: int
    n: int
    share: float
    end: str
    error: float
    extreme_error: float
    cosine: float
    angle: float


@dataclass(frozen=True)
class FollowScore:
    """vᵀHv of a running estimate of the lowest eigenvector of one Hessian, after 100 and 400 steps."""

    seed: int
    method: str
    after_100: float
    after_400: float
    lowest: float
    highest: float


def progress(dataset: str, seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[ProgressScore]:
    """Train with every seed and measure at each of the setting's steps; yields each when it is there."""
    setting = setting or SETTINGS[dataset]
    splits = splits_of(dataset, setting)
    for seed in seeds:
        for step, model in trained(setting, splits, TrainConfig(**TRAINING, seed=seed), setting.steps):
            began = time.process_time()
            objective = objective_of(model, splits.train[: setting.n], precision=PRECISION)
            found = _progress(objective, setting)
            yield replace(found, data=dataset, seed=seed, step=step, seconds=time.process_time() - began)


def _progress(objective: Objective, setting: Setting) -> ProgressScore:
    product, size, theta = objective.product, objective.size, objective.theta
    here, g = objective.loss(), objective.gradient()
    low = extreme(product, size, setting.n_low, largest=False)
    high = extreme(product, size, setting.n_high, largest=True)
    changes, steps = [], []
    for pairs in (low, high):
        best = [best_step(objective.loss, theta, v, float(g @ v)) for v in pairs.vectors.T]
        changes.append(np.array([one.change for one in best]))
        steps.append(np.array([one.alpha for one in best]))
    with np.errstate(divide="ignore"):
        newton = float(np.median(1 / (steps[1] * high.values)))
    return ProgressScore(
        data="",
        seed=0,
        step=0,
        loss=here,
        smallest=float(low.values[-1]),
        largest=float(high.values[0]),
        low_change=float(changes[0].min()),
        high_change=float(changes[1].min()),
        low_median=float(np.median(changes[0])),
        high_median=float(np.median(changes[1])),
        newton=newton,
        longer=float(np.median(np.abs(steps[0] * low.values))),
        low_products=low.n_products,
        high_products=high.n_products,
    )


def subsets(seeds: Sequence[int] = SEEDS, setting: Setting | None = None, k: int = 10) -> Iterator[SubsetScore]:
    """How many examples the Hessian needs: that of a share of all training examples against that of all."""
    setting = setting or SETTINGS["digits"]
    splits = splits_of("digits", setting)
    for seed in seeds:
        ((_, model),) = trained(setting, splits, TrainConfig(**TRAINING, seed=seed), (setting.subset_step,))
        order = torch.randperm(len(splits.train), generator=device.generator(seed))
        shares = {round(share * len(splits.train)): share for share in setting.fractions}

        def objective(n: int, model: Trains = model, order: Tensor = order) -> Objective:
            return objective_of(model, splits.train[order[:n]], precision=PRECISION, chunk=len(splits.train))

        for found in of_subsets(objective, list(shares), k):
            apart = found.apart
            yield SubsetScore(
                seed, found.n, shares[found.n], found.end, apart.largest_error, apart.extreme_error, apart.cosine,
                apart.angle,
            )  # fmt: skip


def following(seeds: Sequence[int] = SEEDS, setting: Setting | None = None) -> Iterator[FollowScore]:
    """The estimates of the lowest eigenvector on one Hessian: by Ritz, by the step that λ₁ sets, and as printed."""
    setting = setting or SETTINGS["digits"]
    splits = splits_of("digits", setting)
    for seed in seeds:
        ((_, model),) = trained(setting, splits, TrainConfig(**TRAINING, seed=seed), (setting.subset_step,))
        objective = objective_of(model, splits.train[: setting.n // 4], precision=PRECISION)  # any Hessian will do
        product, size = objective.product, objective.size
        highest = float(extreme(product, size, 1, largest=True).values[0])
        lowest = float(extreme(product, size, 1, largest=False).values[0])
        for method, rate in (("Ritz", None), ("shifted", 0.9 / highest), ("printed, η 0.05", 0.1)):
            found: Doubles = follow(product, size, 400, rate, seed)
            yield FollowScore(seed, method, float(found[99]), float(found[399]), lowest, highest)


def splits_of(dataset: str, setting: Setting) -> Splits:
    """The examples of an experiment; nothing is held out."""
    splits = load(dataset)
    data: Dataset = splits.train[: setting.n_train] if setting.n_train else splits.train
    return Splits(data, data[:0], data[:0])


def trained(
    setting: Setting, splits: Splits, config: TrainConfig, steps: Sequence[int]
) -> Iterator[tuple[int, Trains]]:
    """The model after each of so many steps, ascending; a caller may change its parameters."""
    model = start("cnn", MODELS["cnn"].Config(**setting.network), splits.train.spec, config)
    if not isinstance(model, Trains):
        raise TypeError("A classifier is trained by gradients.")
    state = TrainState(model, config)
    training = train(model, splits, config, state, report_every=1)
    for step in steps:
        while state.step < step:
            next(training)
        yield step, model
