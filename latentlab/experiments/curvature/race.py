"""Training along the lowest direction of the Hessian: what a step along it saves, and what the same time buys without.

Alain (2018), §11.E, proposes to follow the lowest eigenvector next to a training and to step along it; the text tries
none of it. Here v is followed by Rayleigh-Ritz, and as printed, on batches; while its λ is negative, each step of the
optimizer is followed by one along v.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.curvature.objective import objective_of
from latentlab.analysis.curvature.tracking import power_step, ritz_step, start_vector
from latentlab.data import Splits
from latentlab.experiments.curvature.training import SEEDS, SETTINGS, TRAINING, Setting, splits_of, trained
from latentlab.models import Trains
from latentlab.training.config import TrainConfig


@dataclass(frozen=True)
class RaceScore:
    """The loss over the fixed examples of one training after some steps, and its processor time up to there."""

    method: str
    seed: int
    step: int
    loss: float
    quotient: float  # vᵀHv of the running estimate; NaN of a method without one
    seconds: float = field(default=math.nan, compare=False)


@dataclass(frozen=True)
class Racer:
    """An optimizer, and what follows the lowest direction next to it, if anything does.

    Attributes:
        training: knobs of the training.
        step: η of θ ← θ - clip(η c, ±0.1) v, taken while the estimate of λ is negative; 0: v is not used.
        rate: of the power steps of v; None: it is found by Ritz.
    """

    training: Mapping[str, Any]
    step: float = 0.0
    rate: float | None = None


RACERS = {
    "RMSProp 0.001": Racer({}),
    "RMSProp 0.001 + Ritz": Racer({}, 1.0),
    "RMSProp 0.001 + printed": Racer({}, 1.0, 0.1),
    "RMSProp 0.003": Racer({"learning_rate": 3e-3}),
    "SGD 0.05": Racer({"optimizer": "sgd", "learning_rate": 0.05}),
    "SGD 0.05 + Ritz": Racer({"optimizer": "sgd", "learning_rate": 0.05}, 3.0),
    "SGD 0.5": Racer({"optimizer": "sgd", "learning_rate": 0.5}),
}
RACE_STEPS = (50, 100, 200, 400)
RACE_BATCH = 256  # examples of the products
LONGEST = 0.1  # step along v


def race(
    seeds: Sequence[int] = SEEDS, setting: Setting | None = None, racers: Mapping[str, Racer] = RACERS
) -> Iterator[RaceScore]:
    """Train by each method with every seed; yields the loss at each of `RACE_STEPS`, or those of the setting."""
    steps = RACE_STEPS if setting is None else setting.steps[1:]
    setting = setting or SETTINGS["digits"]
    splits = splits_of("digits", setting)
    for seed in seeds:
        for method, racer in racers.items():
            yield from _run(method, racer, seed, setting, splits, steps)


def _run(
    method: str, racer: Racer, seed: int, setting: Setting, splits: Splits, steps: Sequence[int]
) -> Iterator[RaceScore]:
    config = TrainConfig(**{**TRAINING, **racer.training}, seed=seed)
    began, quotient = time.process_time(), math.nan
    v: Doubles | None = None
    rng = device.generator(seed + 1)
    for step, model in trained(setting, splits, config, range(1, max(steps) + 1)):
        if racer.step:
            chosen = torch.randperm(len(splits.train), generator=rng)[:RACE_BATCH]
            objective = objective_of(model, splits.train[chosen], precision=torch.float32)
            v = start_vector(objective.size, seed) if v is None else v
            if racer.rate is None:
                v, quotient = ritz_step(objective.product, v)
            else:
                v, quotient = power_step(objective.product, v, racer.rate)
            if quotient < 0:
                length = float(np.clip(racer.step * (objective.gradient() @ v), -LONGEST, LONGEST))
                _move(model, -length * v)
        if step in steps:
            loss = objective_of(model, splits.train[: setting.n], precision=torch.float32).loss()
            yield RaceScore(method, seed, step, loss, quotient, time.process_time() - began)


def _move(model: Trains, by: Doubles) -> None:
    """Add a vector to all parameters."""
    parameters = list(model.parameters())
    with torch.no_grad():
        parts = torch.from_numpy(by).to(parameters[0]).split([p.numel() for p in parameters])
        for p, part in zip(parameters, parts, strict=True):
            p.add_(part.reshape(p.shape))
