"""The one training loop: a generator. A caller iterates and draws; to stop, it asks for no more.

    state = TrainState(model, config)
    for metrics in train(model, splits, config, state):
        print(metrics.epoch, metrics.terms)

`TrainState` holds all that a resumed training needs, as tensors: stopping and resuming gives, on the CPU, the same
parameters to the last bit as training straight through.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Sampler, Splits, for_training
from latentlab.knobs import knob
from latentlab.models import MODELS, Loss, Model, Spec
from latentlab.nn.layers import initialise
from latentlab.training.evaluation import evaluate, means


class TrainingError(RuntimeError):
    """Training can't go on; the message is one sentence for the user."""


@dataclass(frozen=True)
class TrainConfig:
    """The knobs of training."""

    epochs: int = knob(20, 1, 10_000, log=True, help="passes over the training data")
    batch_size: int = knob(128, 1, 10_000, log=True, help="examples in a step")
    learning_rate: float = knob(1e-3, 1e-6, 1.0, log=True, help="Adam's step size at the start")
    schedule: str = knob("cosine", choices=("cosine", "constant"), help="learning rate: falls to zero, or stays")
    warmup: float = knob(0.0, 0.0, 1.0, help="share of training over which the KL's weight rises from 0")
    clip: float = knob(0.0, 0.0, 1e4, help="largest norm of the gradient; 0 leaves it as it is")
    weight_decay: float = knob(0.0, 0.0, 1.0, help="AdamW's decay of the weights")
    labels: int = knob(0, 0, 1_000_000, help="training examples that keep their label, as many of each class; 0: all")
    spread: bool = knob(False, help="keep the labels of examples that lie far apart in their class, not of random ones")
    patience: int = knob(0, 0, 1_000, help="stop after so many epochs without a better validation loss; 0: never")
    bf16: bool = knob(False, help="matrix products in bfloat16 (faster where the hardware has it)")
    seed: int = knob(0, 0, 2**31 - 1, help="fixes the initial parameters, the order of the data and all noise")
    moments: bool = knob(False, help="keep the parameters after epochs 1, 2, 5, 10, 20, 50, … too, to look back at")
    probes: bool = knob(False, help="after each epoch, probe every layer for the class; the model is only read")


@dataclass(frozen=True)
class Metrics:
    """What the loop reports: means per example since the last report, and the validation means at an epoch's end."""

    step: int
    n_steps: int
    epoch: float  # passes over the data so far
    terms: Mapping[str, float]  # training; "loss" is the objective
    valid: Mapping[str, float] = field(default_factory=dict)  # empty between epochs; the true objective (progress 1)
    images_per_second: float = math.nan
    done: bool = False

    @property
    def row(self) -> dict[str, float]:
        """The report as a row of a history: step, epoch, terms, valid_* and images_per_second."""
        held_out = {f"valid_{name}": value for name, value in self.valid.items()}
        rate = {"images_per_second": self.images_per_second}
        return {"step": self.step, "epoch": self.epoch, **self.terms, **held_out, **rate}


class TrainState:
    """Everything that moves while a model trains: parameters, optimizers, randomness, position."""

    def __init__(self, model: Model, config: TrainConfig) -> None:
        self.model, self.config = model, config
        self.device = next(model.parameters()).device
        self.rng = device.generator(config.seed, self.device)
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        self.step = 0
        self.best = math.inf  # lowest validation loss so far
        self.waited = 0  # epochs since then
        self.best_parameters: dict[str, Tensor] = {}

    def optimizer(self, player: str) -> torch.optim.Optimizer:
        """The Adam of a player: of the submodule of that name, or of the whole model."""
        if player not in self.optimizers:
            module = self.model if player == "model" else self.model.get_submodule(player)
            self.optimizers[player] = torch.optim.AdamW(
                module.parameters(),
                self.config.learning_rate,
                weight_decay=self.config.weight_decay,
                fused=True,
            )
        return self.optimizers[player]

    def tensors(self) -> dict[str, Tensor]:
        """A copy of the state as named CPU tensors, fit for safetensors."""
        out = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        out |= {f"best.{name}": value for name, value in self.best_parameters.items()}
        for player, optimizer in self.optimizers.items():
            for index, moments in optimizer.state_dict()["state"].items():
                out |= {f"optimizer.{player}.{index}.{name}": value for name, value in moments.items()}
        out["rng"] = self.rng.get_state()
        out["position"] = torch.tensor([self.step, self.waited])
        out["best"] = torch.tensor(self.best, dtype=torch.float64)
        return {name: value.detach().cpu().contiguous().clone() for name, value in out.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up a state made by `tensors()`.

        Raises:
            TrainingError: the tensors aren't a state of this model.
        """
        try:
            self.model.load_state_dict(_part(tensors, "model."))
            players: dict[str, dict[int, dict[str, Tensor]]] = {}
            for name, value in _part(tensors, "optimizer.").items():
                player, index, moment = name.rsplit(".", 2)
                players.setdefault(player, {}).setdefault(int(index), {})[moment] = value
            for player, state in players.items():
                shapes = [p.shape for group in self.optimizer(player).param_groups for p in group["params"]]
                if any(
                    moments.keys() != {"step", "exp_avg", "exp_avg_sq"}
                    or not moments["exp_avg"].shape == moments["exp_avg_sq"].shape == shapes[index]
                    for index, moments in state.items()
                ):
                    raise ValueError("The moments don't fit the parameters.")
                groups = self.optimizer(player).state_dict()["param_groups"]
                self.optimizer(player).load_state_dict({"state": state, "param_groups": groups})
            self.rng.set_state(tensors["rng"])
            self.step, self.waited = (int(number) for number in tensors["position"])
            self.best = float(tensors["best"])
            best = {k: v.to(self.device) for k, v in _part(tensors, "best.").items()}
            if best and {k: v.shape for k, v in best.items()} != {
                k: v.shape for k, v in self.model.state_dict().items()
            }:
                raise ValueError("The best parameters are another model's.")
            self.best_parameters = best
        except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
            raise TrainingError("The checkpoint doesn't fit this model, so training can't be resumed.") from error

    def keep_if_best(self, loss: float) -> None:
        """Note the validation loss of an epoch, and keep a copy of the parameters if it is the lowest."""
        self.waited += 1
        if loss < self.best:
            self.best, self.waited = loss, 0
            self.best_parameters = {k: v.detach().clone() for k, v in self.model.state_dict().items()}


def start(model: str, config: Any, spec: Spec, train: TrainConfig) -> Model:
    """A model with fresh parameters from the training's seed, on the best device.

    Raises:
        ValueError: the config doesn't fit the data.
    """
    fresh = MODELS[model](config, spec)
    initialise(fresh, device.generator(train.seed))
    return fresh.to(device.pick())


def train(
    model: Model,
    splits: Splits,
    config: TrainConfig,
    state: TrainState | None = None,
    sampler: Sampler | None = None,
    report_every: int = 50,
) -> Iterator[Metrics]:
    """Train `model` in place and yield metrics every `report_every` steps and at the end of each epoch.

    The device is read once a report, never once a step. With `patience`, the best parameters are put back at the end.

    Args:
        model: initialised, on its device.
        splits: trains on `train`, watches `valid`.
        config: the knobs.
        state: where to go on from; None starts afresh.
        sampler: draws one epoch of batches from (data, batch size, rng); None for what suits the model and its labels.
        report_every: steps between reports.

    Raises:
        TrainingError, DataError: the loss isn't finite, there is nothing to train on, or the labels aren't fit for it.
    """
    state = state or TrainState(model, config)
    data, suitable = for_training(
        splits.train.to(state.device), model.labels, config.labels, config.seed, config.spread
    )
    valid, sampler = splits.valid.to(state.device), sampler or suitable
    per_epoch = math.ceil(len(data) / config.batch_size)
    n_steps = per_epoch * config.epochs
    if not len(data):
        raise TrainingError("There are no examples to train on.")
    while state.step < n_steps and not (config.patience and state.waited >= config.patience):
        epoch, done_before = divmod(state.step, per_epoch)
        order = device.generator(config.seed + 1_000_003 * (epoch + 1))
        epoch_batches = itertools.islice(sampler(data, config.batch_size, order), done_before, per_epoch)
        model.train()
        losses, n_seen, started = list[list[Loss]](), 0, time.perf_counter()
        for batch in epoch_batches:
            losses.append(_step(state, batch, n_steps))
            n_seen += len(batch.x)
            at_end = state.step % per_epoch == 0
            if at_end or state.step % report_every == 0:
                terms = means(model, losses)
                rate = n_seen / (time.perf_counter() - started)
                held_out = evaluate(model, valid) if at_end else {}
                for loss in (terms["loss"], held_out.get("loss", 0.0)):
                    if not math.isfinite(loss):
                        raise TrainingError(f"The loss became {loss} at step {state.step}; try a lower learning rate.")
                if held_out and config.patience:
                    state.keep_if_best(held_out["loss"])
                finished = state.step == n_steps or bool(config.patience and state.waited >= config.patience)
                if finished and state.best_parameters:
                    model.load_state_dict(state.best_parameters)
                yield Metrics(state.step, n_steps, state.step / per_epoch, terms, held_out, rate, finished)
                model.train()
                losses, n_seen, started = [], 0, time.perf_counter()
        if state.step % per_epoch:
            raise TrainingError("The sampler gave fewer batches than an epoch has.")
    model.eval()


def _step(state: TrainState, batch: Batch, n_steps: int) -> list[Loss]:
    """One step of every player; returns their losses, whose numbers stay on the device."""
    config = state.config
    fraction = state.step / n_steps
    progress = min(1.0, fraction / config.warmup) if config.warmup > 0 else 1.0
    rate = config.learning_rate
    if config.schedule == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * fraction))
    losses = state.model.losses(batch, state.rng, progress)

    def draw() -> Loss | None:  # a generator must not be left inside autocast: it belongs to the thread
        with torch.autocast(state.device.type, torch.bfloat16, enabled=config.bf16):
            return next(losses, None)

    seen: list[Loss] = []
    for loss in iter(draw, None):
        optimizer = state.optimizer(loss.player)
        for parameter in itertools.chain.from_iterable(group["params"] for group in optimizer.param_groups):
            parameter.grad = None  # what zero_grad does, without its bookkeeping: 2 % of a step
        (loss.value * batch.weight).mean().backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
            if config.clip:
                torch.nn.utils.clip_grad_norm_(group["params"], config.clip)
        optimizer.step()
        seen.append(Loss(loss.value.detach(), {name: term.detach() for name, term in loss.terms.items()}))
    state.step += 1
    return seen


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
