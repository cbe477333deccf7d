"""Cheaper weights than the exact lengths of gradients, where a network has convolutions: how much they cost.

Alain (2018), §7.6, names three that he doesn't try: the formula of dense layers "without proper justification", leaving
convolutions out, and the last layer alone. Any weights are without bias, so what counts is the variance of a step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.importance.variance import trace
from latentlab.data import Batch, Dataset, Splits, load
from latentlab.experiments.importance.training import SEEDS, mean_gradient
from latentlab.models import Model, Trains
from latentlab.nn.gradient_norms import EXACT, GradientNorms
from latentlab.training.config import TrainConfig, model_config
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

DATA, NETWORK = "digits", "cnn"
KNOBS: Mapping[str, Any] = {"width": 16, "hidden": 128, "dropout": 0.0}
EPOCHS = (0, 1, 5, 20)  # after which it is measured
EVEN = "even"
CHUNK = 250


@dataclass(frozen=True)
class ShortcutScore:
    """What weights are worth at one place of a training.

    Attributes:
        weights: which.
        epoch: of the training.
        correlation: of the weights with the exact lengths, over all training examples; NaN of even ones.
        deviation: √Tr Σ of one example's estimate of the gradient, if it is drawn by them.
        seconds: of processor time since the last epoch, of all weights together.
    """

    weights: str
    seed: int
    epoch: int
    correlation: float
    deviation: float
    seconds: float = field(default=math.nan, compare=False)


def run(seeds: Sequence[int] = SEEDS, epochs: Sequence[int] = EPOCHS, n: int = 0) -> Iterator[ShortcutScore]:
    """Train a convolutional classifier with each seed, on the first n digits or all; its examples get weights."""
    splits = load(DATA)
    data = splits.train[: n or None]
    for seed in seeds:
        config = TrainConfig(epochs=max(1, *epochs), batch_size=64, schedule="constant", seed=seed)
        model = start(NETWORK, model_config(NETWORK, KNOBS, data, config), data.spec, config)
        state = TrainState(model, config)
        training = train(model, Splits(data, splits.valid[:0], splits.test), config, state, report_every=1)
        for epoch in epochs:
            began = time.process_time()
            while state.step < epoch * -(-len(data) // config.batch_size):
                next(training)
            found, mean = lengths(model, data), mean_gradient(_trained(model), data)
            seconds = time.process_time() - began
            for name, weights in {**found, EVEN: np.ones(len(data))}.items():
                related = float(np.corrcoef(weights, found[EXACT])[0, 1]) if name != EVEN else math.nan
                tiny = np.maximum(weights, np.finfo(np.float64).tiny)
                deviation = math.sqrt(max(0.0, trace(tiny, found[EXACT], mean)))
                yield ShortcutScore(name, seed, epoch, related, deviation, seconds)


def lengths(model: Model, data: Dataset) -> dict[str, Doubles]:
    """The exact lengths of the gradients of all examples, and each shortcut: (N,) by name.

    Raises:
        ValueError: as `GradientNorms.shortcuts`.
    """
    own, parts = _trained(model).eval(), dict[str, list[Doubles]]()

    def losses(x: Tensor, y: Tensor) -> Tensor:
        (loss,) = own.losses(Batch(x, y, torch.ones(len(x))), device.generator(0))
        return loss.value

    norms = GradientNorms(own, losses)
    for rows in torch.arange(len(data)).split(CHUNK):
        batch = data.batch(rows)
        for name, part in norms.shortcuts(batch.x, batch.y).items():
            parts.setdefault(name, []).append(part.detach().double().numpy())
    own.train()
    return {name: np.concatenate(one) for name, one in parts.items()}


def _trained(model: Model) -> Trains:
    assert isinstance(model, Trains)
    return model
