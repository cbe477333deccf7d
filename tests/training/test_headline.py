"""The one number that early stopping and "best" look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
import torch
from torch import nn

from latentlab.data import Batch, Dataset, Kind, Spec, Splits
from latentlab.models import Headline, Loss, Trains
from latentlab.training.config import TrainConfig
from latentlab.training.evaluation import evaluate
from latentlab.training.loop import train
from latentlab.training.state import TrainState

DATA = Dataset("ones", torch.ones(12, 2), torch.zeros(12, dtype=torch.int64), (), Kind.PLANE)
SPLITS = Splits(DATA, DATA[:3], DATA[:3])


class Climber(Trains):
    """w rises by 0.1 a step; its term "height" is highest at 0.5, while its loss falls for ever."""

    name = "climber"
    title = "Climber"
    units: ClassVar[dict[str, str]] = {"height": "nats"}
    set_units: ClassVar[dict[str, str]] = {"distance": "nats"}
    headline = Headline("height", higher_is_better=True)

    def __init__(self) -> None:
        super().__init__()
        self.spec = Spec((2,), 0, Kind.PLANE)
        self.w = nn.Parameter(torch.zeros(1))

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        value = -self.w.expand(len(batch.x))
        yield Loss(value, {"height": -((self.w - 0.5) ** 2).expand(len(batch.x))})

    def set_metrics(self, data: Dataset, rng: torch.Generator) -> dict[str, float]:  # noqa: ARG002
        return {"distance": abs(self.w.item() - 0.3) * len(data)}


class Distant(Climber):
    """Two players, whose losses say nothing; it is best where a number of the whole set is lowest, at 0.3."""

    headline = Headline("distance")

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(1, 1), nn.Linear(1, 1)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        (loss,) = super().losses(batch, rng, progress)
        yield loss
        yield Loss(self.two.weight.flatten().expand(len(batch.x)), {}, "two")


@pytest.mark.parametrize(("kind", "best"), [(Climber, 0.5), (Distant, 0.3)])
def test_the_parameters_of_the_best_headline_are_put_back(kind: type[Climber], best: float) -> None:
    settings = TrainConfig(epochs=40, batch_size=12, learning_rate=0.1, schedule="constant", patience=4)
    state = TrainState(kind(), settings)
    reports = list(train(state.model, SPLITS, settings, state))
    assert len(reports) < 40
    assert state.model.get_parameter("w").item() == pytest.approx(best)
    assert evaluate(state.model, SPLITS.valid)[kind.headline.term] == pytest.approx(0, abs=1e-6)


def test_a_number_of_a_set_is_measured_on_the_whole_of_it() -> None:
    assert evaluate(Climber(), DATA)["distance"] == pytest.approx(0.3 * 12)


@pytest.mark.parametrize(("higher", "expected"), [(True, -2.0), (False, 2.0)])
def test_an_improvement_is_a_fall(higher: bool, expected: float) -> None:
    assert Headline("score", higher).improvement({"score": 2.0}) == expected
