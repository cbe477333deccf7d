"""Incremental training in short pieces: each is a function of arrays, so a page can request it from the background
process.

What ships and what is saved is trained by `worker.py`. This is for networks that are trained while someone watches:
nothing is written, and training stops when no next piece is requested.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.data import Dataset, Kind, Spec, Splits
from latentlab.knobs import from_dict
from latentlab.models import LOSS, MODELS, Model
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

REPORT_EVERY = 20  # steps
APART = 1.08  # a frame is kept at so many times the steps of the one before: a hundred of them reach 50,000 steps
MODEL = "model."  # before the names of a network's parameters among the arrays of a state
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class TrainingTask:
    """What to train, on which points, and how."""

    model: str  # a name in MODELS
    config: Mapping[str, Any]
    train: Mapping[str, Any]
    x: NDArray[np.float32]  # (N, d)


@dataclass(frozen=True)
class Frame:
    """What a network was after some steps, to look back at."""

    step: int
    parameters: Arrays  # under their names in `TrainingProgress.state`


@dataclass(frozen=True)
class TrainingProgress:
    """How far a training is. `state` holds arrays, since tensors aren't easily sent between processes."""

    state: Arrays = field(default_factory=dict)
    step: int = 0
    n_steps: int = 0
    seconds: float = 0.0  # of training so far
    losses: tuple[tuple[int, float], ...] = ()  # (step, its mean since the last report): of players the first term
    done: bool = False
    frames: tuple[Frame, ...] = ()  # in their order

    @property
    def steps(self) -> list[int]:
        """Those that can be looked back at, from the initial parameters to the last ones."""
        return sorted({0, *(frame.step for frame in self.frames), self.step})

    def at(self, step: int) -> TrainingProgress:
        """As it was at the last of these steps that is no later than one."""
        if step >= self.step:
            return self
        frame = next((one for one in reversed(self.frames) if one.step <= step), Frame(0, {}))
        return replace(self, state=frame.parameters, step=frame.step)


def advance(task: TrainingTask, before: TrainingProgress, seconds: float) -> TrainingProgress:
    """Train for about so many seconds from where `before` stands; at least `REPORT_EVERY` steps.

    Raises:
        KnobError: a knob out of its range.
        TrainingError: the points can't be trained on, or the loss isn't finite.
    """
    x = torch.from_numpy(np.array(task.x, np.float32))
    if x.dim() != 2 or not len(x) or not bool(x.isfinite().all()):
        raise TrainingError("There must be at least one point, and all must be finite numbers.")
    config = from_dict(TrainConfig, task.train)
    data = Dataset("points", x, torch.zeros(len(x), dtype=torch.int64), ("data",), _kind(task))
    state = TrainState(network(task, fresh=True), config)
    if before.state:
        state.restore({name: torch.from_numpy(np.array(value)) for name, value in before.state.items()})
    began, n_steps, done = time.monotonic(), math.ceil(len(x) / config.in_a_step(len(x))) * config.epochs, False
    losses, frames = list(before.losses), list(before.frames)
    nothing = data[:0]
    for metrics in train(state.model, Splits(data, nothing, nothing), config, state, report_every=REPORT_EVERY):
        first = LOSS if LOSS in metrics.terms else next(iter(state.model.units))
        losses.append((metrics.step, metrics.terms[first]))
        done = metrics.done
        if not frames or done or metrics.step >= APART * frames[-1].step:
            frames.append(Frame(metrics.step, _parameters(state)))
        if done or time.monotonic() - began > seconds:
            break
    arrays = {name: value.numpy() for name, value in state.tensors().items()}
    took = before.seconds + time.monotonic() - began
    done = done or state.step >= n_steps
    return TrainingProgress(arrays, state.step, n_steps, took, tuple(losses), done, tuple(frames))


def _parameters(state: TrainState) -> Arrays:
    return {name: value.numpy().copy() for name, value in state.tensors().items() if name.startswith(MODEL)}


def _kind(task: TrainingTask) -> Kind:
    return Kind.PLANE if task.x.shape[1:] == (2,) else Kind.VECTOR


def network(task: TrainingTask, fresh: bool = False, now: TrainingProgress | None = None) -> Model:
    """The network of a task: with initial parameters, or frozen with those reached so far.

    Raises:
        KnobError: a knob out of its range.
        ValueError: the config doesn't fit the data.
    """
    config, spec = from_dict(MODELS[task.model].Config, task.config), Spec(task.x.shape[1:], 1, _kind(task))
    if fresh or now is None or not now.state:
        return start(task.model, config, spec, from_dict(TrainConfig, task.train))
    model = MODELS[task.model](config, spec)
    parameters = {name.removeprefix(MODEL): value for name, value in now.state.items() if name.startswith(MODEL)}
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in parameters.items()})
    return model.eval().requires_grad_(False)
