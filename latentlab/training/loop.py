"""The one training loop: a generator. A caller iterates and draws; to stop, it stops iterating.

    state = TrainState(model, config)
    for metrics in train(model, splits, config, state):
        print(metrics.epoch, metrics.terms)

`TrainState` holds all that a resumed training needs, as tensors: stopping and resuming gives, on the CPU, the same
parameters to the last bit as training straight through.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Dataset, LabelUse, Sampler, Spec, Splits
from latentlab.models import Fits, Loss, Model, Trains, build
from latentlab.nn.initialise import initialise
from latentlab.training.batches import batches_for
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.evaluation import evaluate, means, objectives
from latentlab.training.fitting import fit
from latentlab.training.importance.sampler import ImportanceSampler, check_importance
from latentlab.training.metrics import Metrics
from latentlab.training.optimizers import check_optimizer
from latentlab.training.schedules import step_size
from latentlab.training.state import TrainState


def start(model: str, config: Any, spec: Spec, train: TrainConfig) -> Model:
    """A model with fresh parameters from the training's seed, on the best device.

    Raises:
        ValueError: the config doesn't fit the data.
    """
    fresh = build(model, config, spec)
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

    The device is read once a report, never once a step. With `patience`, the parameters of the best validation
    headline are put back at the end. A model that is fitted takes its own steps instead.

    Args:
        model: initialised, on its device.
        splits: trains on `train`, watches `valid`.
        config: the knobs.
        state: where to go on from; None starts afresh.
        sampler: draws one epoch of batches from (data, batch size, rng); None for what suits the model and
            its labels, or for importance sampling if the knobs say so.
        report_every: steps between reports.

    Raises:
        TrainingError, DataError: the loss isn't finite, there is nothing to train on, or the labels aren't fit for it.
    """
    state = state or TrainState(model, config)
    if isinstance(model, Fits):
        yield from fit(model, splits, state)
        return
    if not isinstance(model, Trains):
        raise TypeError(f"{model.name} isn't trained by gradients.")
    check_optimizer(type(model), config)
    check_importance(type(model), config)
    data, suitable = batches_for(model, splits.train.to(state.device), config)
    if not len(data):
        kind = "labelled examples" if model.labels is LabelUse.NEEDED else "examples"
        raise TrainingError(f"There are no {kind} to train on.")
    data, valid = model.once(data), model.once(splits.valid.to(state.device))
    if not state.step:
        model.standardise(data)
    with contextlib.ExitStack() as until_the_end:
        if sampler is None and config.importance:
            sampler = until_the_end.enter_context(contextlib.closing(ImportanceSampler(state, data))).batches
        yield from _epochs(state, data, valid, sampler or suitable, report_every)
    model.eval()


def _epochs(state: TrainState, data: Dataset, valid: Dataset, sampler: Sampler, report_every: int) -> Iterator[Metrics]:
    """What is left of the epochs of a training; arguments as those of `train`."""
    model, config = state.model, state.config
    size = config.in_a_step(len(data))
    per_epoch = math.ceil(len(data) / size)
    n_steps = per_epoch * config.epochs
    while state.step < n_steps and not (config.patience and state.waited >= config.patience):
        epoch, done_before = divmod(state.step, per_epoch)
        draw = 0 if config.takes_all else epoch  # of all at once the loss must stay the same
        order = device.generator(config.seed + 1_000_003 * (draw + 1))
        epoch_batches = itertools.islice(sampler(data, size, order), done_before, per_epoch)
        model.train()
        losses, n_examples, started = list[list[Loss]](), 0, time.perf_counter()
        for batch in epoch_batches:
            losses.append(train_step(state, batch, n_steps))
            n_examples += len(batch.x)
            at_end = state.step % per_epoch == 0
            if at_end or state.step % report_every == 0:
                terms = means(losses)
                rate = n_examples / (time.perf_counter() - started)
                held_out = evaluate(model, valid) if at_end else {}
                for name in objectives(losses[-1]):
                    for loss in (terms[name], held_out.get(name, 0.0)):
                        _check(model, name, loss, state.step)
                if held_out and config.watches_headline:
                    state.note_headline(model.headline.improvement(held_out))
                finished = state.step == n_steps or bool(config.patience and state.waited >= config.patience)
                if finished and state.best_parameters:
                    model.load_state_dict(state.best_parameters)
                yield Metrics(state.step, n_steps, state.step / per_epoch, terms, held_out, rate, finished)
                model.train()
                losses, n_examples, started = [], 0, time.perf_counter()
        if state.step % per_epoch:
            raise TrainingError("The sampler gave fewer batches than an epoch has.")


def _check(model: Model, name: str, loss: float, step: int) -> None:
    """Refuse to go on with a loss that is not finite, or runs away.

    Raises:
        TrainingError: so it is, in one sentence.
    """
    largest = model.largest_loss if isinstance(model, Trains) else math.inf
    if not math.isfinite(loss):
        raise TrainingError(f"The {name} became {loss} at step {step}; try a lower learning rate.")
    if abs(loss) > largest:
        raise TrainingError(
            f"The {name} ran away: it is {loss:.3g} at step {step}, so the training has diverged; try a lower learning "
            "rate, or a larger penalty r1."
        )


def train_step(state: TrainState, batch: Batch, n_steps: int) -> list[Loss]:
    """One step of every player; returns their losses, whose numbers stay on the device."""
    config = state.config
    fraction = state.step / n_steps
    progress = min(1.0, fraction / config.warmup) if config.warmup > 0 else 1.0
    rate = step_size(config, state.step, n_steps, state.plateau.count)
    model = state.model
    if not isinstance(model, Trains):
        raise TypeError(f"{model.name} isn't trained by gradients.")
    if config.takes_all:
        loss = _line_search_step(model, state, batch, progress)
        state.step += 1
        return [loss]
    losses = model.losses(batch, state.rng, progress)

    def draw() -> Loss | None:  # a generator must not be left inside autocast: it belongs to the thread
        with torch.autocast(state.device.type, torch.bfloat16, enabled=config.bf16):
            return next(losses, None)

    step_losses: list[Loss] = []
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
        step_losses.append(_detached(loss))
    state.step += 1
    return step_losses


def _line_search_step(model: Trains, state: TrainState, batch: Batch, progress: float) -> Loss:
    """A step that evaluates one loss at several places, each time with the noise that the training began with."""
    optimizer, noise, first = state.optimizer("model"), state.rng.get_state(), list[Loss]()

    def loss_and_gradient() -> Tensor:
        state.rng.set_state(noise)
        model.zero_grad()
        (loss,) = model.losses(batch, state.rng, progress)
        value = (loss.value * batch.weight).mean()
        torch.autograd.backward(value)
        if not first:
            first.append(_detached(loss))
        return value

    optimizer.step(loss_and_gradient)  # type: ignore[arg-type]
    state.rng.set_state(noise)
    return first[0]


def _detached(loss: Loss) -> Loss:
    return Loss(loss.value.detach(), {name: term.detach() for name, term in loss.terms.items()}, loss.player)
