"""Each schedule against its formula, and a plateau that is resumed to the last bit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind, Splits
from latentlab.knobs import from_dict
from latentlab.models import Loss, Spec, Trains
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.loop import train
from latentlab.training.schedules import Plateau, step_size, step_sizes
from latentlab.training.state import TrainState
from tests.training.test_loop import CNN, build, row, same

pytestmark = pytest.mark.training

RATE = 0.02
STEPS = 3  # of an epoch


class Level(Trains):
    """A loss that is what it is given for each epoch in evaluation, whatever w is."""

    name = "level"
    title = "Level"
    units = {"loss": "nats"}  # noqa: RUF012 as each model declares it

    def __init__(self, *losses: float) -> None:
        super().__init__()
        self.spec = Spec((1,), 0, Kind.VECTOR)
        self.w = nn.Parameter(torch.zeros(1))
        self.given = list(losses)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        level = 1.0 if self.training or not self.given else self.given.pop(0)
        yield Loss(0 * self.w.sum() + torch.full((len(batch.x),), level), {})


def few() -> Splits:
    data = Dataset("few", torch.zeros(STEPS, 1), torch.zeros(STEPS, dtype=torch.int64), (), Kind.VECTOR)
    return Splits(data, data, data)


def config(schedule: str, epochs: int = 24, **knobs: Any) -> TrainConfig:
    values = {"schedule": schedule, "epochs": epochs, "batch_size": 1, "learning_rate": RATE}
    return from_dict(TrainConfig, values | knobs)


def rates(model: Trains, settings: TrainConfig) -> list[float]:
    """The learning rate of each epoch, of which every step has the same."""
    state = TrainState(model, settings)
    found = [
        state.optimizer("model").param_groups[0]["lr"]
        for _ in train(model, few(), settings, state, report_every=1)
    ]  # fmt: skip
    assert np.ptp(np.reshape(found, (-1, STEPS)), axis=1).max() == 0
    return found[::STEPS]


def test_on_a_constant_loss_the_rate_falls_after_epochs_6_and_11() -> None:
    expected = [RATE] * 6 + [RATE / 10] * 5 + [RATE / 100] * 5 + [RATE / 1000] * 5 + [1e-5] * 3
    assert rates(Level(), config("plateau")) == pytest.approx(expected)


def test_each_better_loss_starts_the_count_anew() -> None:
    better_until_4 = Level(5.0, 4.0, 4.5, 3.0, *[3.0] * 20)
    assert rates(better_until_4, config("plateau", 15)) == pytest.approx([RATE] * 9 + [RATE / 10] * 5 + [RATE / 100])


def test_a_rate_below_the_floor_stays() -> None:
    assert rates(Level(), config("plateau", 12, learning_rate=2e-6)) == [2e-6] * 12


def test_the_rate_is_halved_every_so_many_epochs() -> None:
    assert rates(Level(), config("halving", 20, halve_every=7)) == [RATE / 2 ** (e // 7) for e in range(20)]
    assert TrainConfig().halve_every == 25


@pytest.mark.parametrize("schedule", ["constant", "halving", "cosine"])
def test_decay_comes_on_top(schedule: str) -> None:
    plain, falling = config(schedule, halve_every=7), config(schedule, halve_every=7, decay=0.9)
    for step in range(0, 72, 5):
        expected = step_size(plain, step, 72) * 0.9 ** (step // 3)
        assert step_size(falling, step, 72) == pytest.approx(expected, rel=1e-12)


def test_the_rates_of_a_training_follow_from_its_history() -> None:
    headlines = [5.0, 4.0, 4.5, 3.0, *[3.0] * 11]
    settings = config("plateau", 15)
    found = step_sizes(settings, 15 * STEPS, headlines)
    assert found[::STEPS] == pytest.approx(rates(Level(*headlines), settings))
    assert step_sizes(settings, 15 * STEPS, headlines[:3])[-1] == RATE  # it was stopped, or still trains


def test_what_a_plateau_remembers_is_kept_exactly() -> None:
    one = Plateau()
    for value in (1 / 3, 0.5, 0.25, *[0.7] * 7):
        one.note(value)
    assert Plateau.of(one.tensor()) == one == Plateau(0.25, 2, 1)
    assert Plateau.of(Plateau().tensor()).best == math.inf


@pytest.mark.parametrize("patience", [0, 50])
def test_a_resumed_training_goes_on_exactly(few_digits: Splits, monkeypatch: pytest.MonkeyPatch, patience: int) -> None:
    monkeypatch.setattr("latentlab.training.schedules.EPOCHS", 2)
    settings = config("plateau", 12, batch_size=160, learning_rate=0.5, patience=patience)

    def until(state: TrainState, epoch: float) -> list[dict[str, float]]:
        rows = list[dict[str, float]]()
        for metrics in train(state.model, few_digits, settings, state, report_every=1):
            rows.append(row(metrics))
            if metrics.epoch == epoch:
                break
        return rows

    straight = TrainState(build(CNN), settings)
    whole = until(straight, 99)
    assert straight.plateau.count > 1  # else it shows nothing
    parts, tensors = list[dict[str, float]](), dict[str, Tensor]()
    for end in (2, 4.5, 7, 99):
        state = TrainState(build(CNN, seed=1), settings)
        if tensors:
            state.restore(tensors)
        else:
            state = TrainState(build(CNN), settings)
        parts += until(state, end)
        tensors = state.tensors()
    assert parts == whole
    assert same(tensors, straight.tensors())
    with pytest.raises(TrainingError):
        TrainState(build(CNN), settings).restore({k: v for k, v in tensors.items() if k != "plateau"})
