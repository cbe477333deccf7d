"""Models that are fitted to all examples at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind, Spec, Splits
from latentlab.models import Fits, Headline, Progress
from latentlab.training.config import TrainConfig, TrainingError, training_knobs
from latentlab.training.loop import train
from latentlab.training.state import TrainState

X = torch.tensor([[1.0, 2.0], [3.0, -4.0], [5.0, 8.0]])
DATA = Dataset("three", X, torch.zeros(3, dtype=torch.int64), (), Kind.PLANE)
SPLITS = Splits(DATA, DATA[:2], DATA[:1])


class Middle(Fits):
    """The mean, found in `n_steps` steps that halve the distance but for the last, which is exact."""

    name = "middle"
    title = "Middle"
    units: ClassVar[dict[str, str]] = {"squared error": "per example"}
    headline = Headline("squared error")
    n_steps = 3

    def __init__(self) -> None:
        super().__init__()
        self.spec = Spec((2,), 0, Kind.PLANE)
        self.mean = nn.Parameter(torch.zeros(2))

    def fit(self, data: Dataset, rng: torch.Generator) -> Iterator[Progress]:
        if len(data) < 2:
            raise ValueError("Two examples at least.")
        goal = data.x.mean(0)
        with torch.no_grad():
            self.mean.copy_(torch.rand(2, generator=rng))
        for step in range(1, self.n_steps + 1):
            with torch.no_grad():
                self.mean.copy_(goal if step == self.n_steps else (self.mean + goal) / 2)
            yield Progress(step, self.n_steps, {"squared error": float((self.mean - goal).square().sum().detach())})

    def terms(self, batch: Batch) -> Mapping[str, Tensor]:
        return {"squared error": (batch.x - self.mean).square().sum(1)}


def test_a_fit_ends_at_its_answer_and_reports_each_step() -> None:
    model = Middle()
    reports = list(train(model, SPLITS, TrainConfig()))
    assert [(m.step, m.n_steps, m.done) for m in reports] == [(1, 3, False), (2, 3, False), (3, 3, True)]
    torch.testing.assert_close(model.mean.detach(), X.mean(0))
    held_out = (X[:2] - X.mean(0)).square().sum(1).mean().item()
    assert reports[-1].valid == {"squared error": pytest.approx(held_out)}
    assert reports[-1].terms["squared error"] == 0
    assert not model.training


@pytest.mark.parametrize("after", [1, 2])
def test_a_fit_that_was_broken_off_comes_to_the_same_end(after: int) -> None:
    settings = TrainConfig(seed=3)
    straight, state = TrainState(Middle(), settings), TrainState(Middle(), settings)
    whole = [m.terms for m in train(straight.model, SPLITS, settings, straight)]
    started = train(state.model, SPLITS, settings, state)
    for _ in range(after):
        next(started)
    resumed = TrainState(Middle(), settings)
    resumed.restore(state.tensors())
    assert [m.terms for m in train(resumed.model, SPLITS, settings, resumed)] == whole


@pytest.mark.parametrize("n", [0, 1])
def test_what_cannot_be_fitted_is_an_error_of_training(n: int) -> None:
    with pytest.raises(TrainingError):
        list(train(Middle(), SPLITS._replace(train=DATA[:n]), TrainConfig()))


def test_a_number_that_is_not_finite_ends_it() -> None:
    broken = Dataset("nan", torch.full((3, 2), math.nan), DATA.y, (), Kind.PLANE)
    with pytest.raises(TrainingError):
        list(train(Middle(), SPLITS._replace(train=broken), TrainConfig()))


def test_of_a_fit_only_the_seed_can_be_chosen() -> None:
    assert [knob.name for knob in training_knobs(Middle)] == ["seed"]
