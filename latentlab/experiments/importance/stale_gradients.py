"""The bias of stale gradients (ASGD) and of stale weights (ISSGD) along one training, exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.arrays import Doubles, doubles
from latentlab.analysis.importance.bias import Biases, biases
from latentlab.data import Dataset, Splits, load
from latentlab.models import Trains
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

DATA, N, RATE, BATCH = "digits", 120, 0.1, 16
STEP = 60  # of the training, at which the gradient is wanted
SEEDS = (0, 1, 2)
AGES = (0, 1, 2, 5, 10, 20, 50)  # steps


def by_age(step: int = STEP, ages: Sequence[int] = AGES, seed: int = 0) -> Mapping[int, Biases]:
    """Age of what a worker sends, in steps -> both biases, of a small classifier on 120 digits trained by plain SGD."""
    data = load(DATA).train[:N]
    config = TrainConfig(
        epochs=step, batch_size=BATCH, learning_rate=RATE, schedule="constant", optimizer="sgd", seed=seed
    )
    model = start("mlp", model_config("mlp", {"depth": 1, "hidden": 16}, data, config), data.spec, config)
    assert isinstance(model, Trains)
    state, found = TrainState(model, config), dict[int, Doubles]()
    training = train(model, Splits(data, data[:0], data[:0]), config, state, report_every=1)
    for at in sorted(step - age for age in ages):
        while state.step < at:
            next(training)
        found[at] = gradients(model, data)
    return {age: biases(found[step], found[step - age]) for age in ages}


def gradients(model: Trains, data: Dataset) -> Doubles:
    """(N, d): the gradient of each example."""
    (loss,) = model.losses(data.batch(), device.generator(0))
    each = torch.eye(len(data), dtype=loss.value.dtype)
    found = torch.autograd.grad(loss.value, list(model.parameters()), each, is_grads_batched=True)
    return doubles(torch.cat([part.flatten(1) for part in found], 1))


def table_rows(seeds: Sequence[int] = SEEDS) -> list[dict[str, str]]:
    """A row for each age: medians, and the range over seeds."""
    found = [by_age(seed=seed) for seed in seeds]
    return [
        {
            "age, steps": str(age),
            "stale gradients (ASGD)": _percent([one[age].stale_gradients for one in found]),
            "stale weights (ISSGD)": f"{max(one[age].stale_weights for one in found):.0e}",
        }
        for age in AGES
    ]


def _percent(values: Sequence[float]) -> str:
    return f"{np.median(values):.0%} ({min(values):.0%} to {max(values):.0%})"
