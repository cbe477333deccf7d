"""A training in pieces is the training in one piece."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from latentlab.data import Dataset, Kind, Splits, load
from latentlab.knobs import KnobError
from latentlab.models import Denoises
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.incremental import TrainingProgress, TrainingTask, advance, network
from latentlab.training.loop import train

X = load("moons").train.x[:500].numpy()
TASK = TrainingTask("dae", {"hidden": 16}, {"epochs": 12, "batch_size": 50, "seed": 3}, X)


def straight_through() -> dict[str, torch.Tensor]:
    data = Dataset("points", torch.from_numpy(X), torch.zeros(500, dtype=torch.int64), ("data",), Kind.PLANE)
    model = network(TASK, fresh=True)
    for _ in train(model, Splits(data, data[:0], data[:0]), TrainConfig(epochs=12, batch_size=50, seed=3)):
        pass
    return model.state_dict()


def test_pieces_make_the_whole_to_the_last_bit() -> None:
    now, pieces, then = TrainingProgress(), 0, dict[int, TrainingProgress]()
    while not now.done and pieces < 50:
        now = advance(TASK, pickle.loads(pickle.dumps(now)), 0.0)
        pieces += 1
        then[now.step] = now
    assert pieces > 3
    assert (now.step, now.n_steps) == (120, 120)
    assert [step for step, _ in now.losses] == sorted({step for step, _ in now.losses})
    ours = network(TASK, now=now)
    assert all(torch.equal(value, ours.state_dict()[name]) for name, value in straight_through().items())
    assert not any(parameter.requires_grad for parameter in ours.parameters())
    assert now.losses[-1][1] < now.losses[0][1]
    for step in {*then} & {*now.steps}:  # what it was is kept
        kept, was = (network(TASK, now=one).state_dict() for one in (now.at(step), then[step]))
        assert all(torch.equal(value, kept[name]) for name, value in was.items())
    assert (now.steps[0], now.steps[-1], now.at(0).step) == (0, 120, 0)
    assert len(now.steps) > pieces / 2


def test_before_the_first_piece_the_network_is_fresh() -> None:
    model = network(TASK, now=TrainingProgress())
    assert isinstance(model, Denoises)
    first = network(TASK, fresh=True).state_dict()
    assert all(torch.equal(value, first[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("x", [np.empty((0, 2)), np.array([[0.0, np.nan]]), np.zeros(3)])
def test_what_can_not_be_trained_on_is_refused(x: np.ndarray) -> None:
    with pytest.raises(TrainingError):
        advance(TrainingTask("dae", {}, {}, x.astype(np.float32)), TrainingProgress(), 0.1)


def test_one_point_can_be_learned() -> None:
    now = advance(TrainingTask("dae", {"hidden": 8}, {"epochs": 3}, np.ones((1, 2), np.float32)), TrainingProgress(), 5)
    assert now.done


def test_a_knob_out_of_range_is_a_sentence() -> None:
    with pytest.raises(KnobError, match="sigma"):
        advance(TrainingTask("dae", {"sigma": -1.0}, {}, X), TrainingProgress(), 0.1)
