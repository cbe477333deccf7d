"""The dead segment: layers with normal weights and activations, from which the class can no longer be decoded.

Alain & Bengio, Understanding intermediate layers using linear classifier probes (2017), §5.1: a network of 128 layers
with a shortcut from the input to the middle trains, and the loss does not say that half of it stays unused. Probes do:
their error rises towards chance up to the middle and falls to that of the input right behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.probes.dead_segment import dead_segment
from latentlab.analysis.probes.features import INPUT, read_features
from latentlab.analysis.probes.layer_probes import probe_features
from latentlab.data import Splits
from latentlab.models import MODELS, Classifies, Model
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

NETWORK = "mlp"  # a name in MODELS: its layers are `layers.1`, `activations.1`, …
DEPTH = 128
HIDDEN = 128
BATCH = 64
RATE = 1e-4
STEPS = (0, 150, 300, 600)  # of training, at which the network is probed
MANY = 10_000  # epochs: the caller says when to stop
L2 = 1e-3
EXAMPLES = 2_000  # that probes are fitted to
HELD_OUT = 1_500  # that they are tested on


@dataclass(frozen=True)
class Depths:
    """A deep network after some steps of training.

    Attributes:
        step: of training.
        errors: (depth + 1,) test error of a probe at the input and behind each layer's activation.
        weight_norms: (depth,) root mean square of the weights of each layer, times the root of its inputs.
        model_error: of the network itself, on all of the test split.
        chance: error of always naming the most frequent class.
    """

    step: int
    errors: Doubles
    weight_norms: Doubles
    model_error: float
    chance: float

    @property
    def dead_segment(self) -> tuple[int, int] | None:
        """The first and the last layer of the longest run near chance; None where there are not two of them."""
        found = dead_segment(self.errors, self.chance)
        return found if found is not None and found[1] > found[0] else None


@dataclass(frozen=True)
class Training:
    """How far the training of a deep network is.

    Attributes:
        found: what the probes said at each of `STEPS` so far.
        state: where it stands, as arrays, since tensors don't travel well between processes; empty at both ends.
    """

    found: tuple[Depths, ...] = ()
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether it is at the last of `STEPS`."""
        return len(self.found) == len(STEPS)


def continue_training(
    splits: Splits, skip: bool, before: Training, *, depth: int = DEPTH, hidden: int = HIDDEN, every: int = 1
) -> Training:
    """`advance` from one of `STEPS` to the next, so that a background process can be requested it.

    Raises:
        TrainingError: as `advance`.
        ValueError: it is done.
    """
    if before.is_done:
        raise ValueError("The network is at the last step.")
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in before.state.items()}
    step = STEPS[len(before.found)]
    depths, tensors = advance(splits, skip, step, tensors or None, depth=depth, hidden=hidden, every=every)
    after = Training((*before.found, depths))
    return after if after.is_done else replace(after, state={name: value.numpy() for name, value in tensors.items()})


def advance(
    splits: Splits,
    skip: bool,
    step: int,
    tensors: Mapping[str, Tensor] | None = None,
    *,
    seed: int = 0,
    depth: int = DEPTH,
    hidden: int = HIDDEN,
    every: int = 1,
) -> tuple[Depths, dict[str, Tensor]]:
    """Train the deep network on to a step and probe it there: so a page can show each result when it is available.

    Args:
        splits: labelled data.
        skip: whether the input is appended to what the second half reads.
        step: of training, counted from its start; He's weights, Adam at 1e-4, batches of 64.
        tensors: where an earlier call ended; None starts afresh.
        seed: of the parameters and of the order of the examples.
        depth: hidden layers.
        hidden: units in each.
        every: probe every so many layers, and those at the ends and in the middle; the errors between are NaN.

    Returns:
        What the probes say, and the state to go on from.

    Raises:
        TrainingError: the loss isn't finite, or the state is another network's.
    """
    config = TrainConfig(epochs=MANY, batch_size=BATCH, learning_rate=RATE, schedule="constant", seed=seed)
    knobs = MODELS[NETWORK].Config(depth=depth, hidden=hidden, skip=skip)
    model = start(NETWORK, knobs, splits.train.spec, config)
    state = TrainState(model, config)
    if tensors is not None:
        state.restore(tensors)
    training = train(model, splits._replace(valid=splits.valid[:0]), config, state, report_every=1)
    while state.step < step:
        next(training)
    return _look(model.eval(), splits, step, every, depth), state.tensors()


def _look(model: Model, splits: Splits, step: int, every: int, depth: int) -> Depths:
    wanted = sorted({*range(every, depth + 1, every), 1, depth // 2, depth // 2 + 1, depth})
    if not isinstance(model, Classifies):
        raise TypeError(f"{model.name} isn't a classifier.")
    where = next(model.parameters()).device
    train_part, test = splits.train[:EXAMPLES], splits.test[:HELD_OUT]
    x, y = torch.cat([train_part.x, test.x]).to(where), torch.cat([train_part.y, test.y]).numpy()
    names = [f"activations.{k}" for k in wanted]
    features = read_features(model, x, names, forward=model.classify)
    probes = probe_features(features, y, (len(train_part), 0, len(test)), l2=L2)
    errors = np.full(depth + 1, np.nan)
    for k, probe in zip([0, *wanted], probes, strict=True):
        errors[k] = probe.score.error
    layers = [layer for layer in model.get_submodule("layers").children() if isinstance(layer, nn.Linear)]
    norms = [float(layer.weight.detach().square().mean().sqrt()) * layer.in_features**0.5 for layer in layers]
    assert probes[0].layer == INPUT
    return Depths(step, errors, np.array(norms), evaluate(model, splits.test)["error"], probes[0].baseline)
