"""The bias of stale gradients and of stale weights, by enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.importance.bias import biases
from latentlab.data import load
from latentlab.experiments.importance import stale_gradients
from latentlab.experiments.importance.training import mean_gradient
from latentlab.models import MODELS, Trains
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start


def test_stale_gradients_of_a_bowl_are_off_by_the_way_it_has_gone_and_stale_weights_never() -> None:
    """Of l_n = |θ - a_n|² / 2 the gradients are θ - a_n, so that those of θ' are off by θ' - θ."""
    rng = np.random.default_rng(0)
    a, theta, before = rng.normal(size=(50, 3)), np.array([1.0, 2.0, -1.0]), np.array([4.0, 2.0, 3.0])
    found = biases(theta - a, before - a)
    assert found.stale_gradients == pytest.approx(5 / np.linalg.norm(theta - a.mean(0)))
    assert found.stale_weights < 1e-14
    same = biases(theta - a, theta - a)
    assert same.stale_gradients == 0
    with pytest.raises(ValueError, match="0"):
        biases(theta - a, np.zeros_like(a))


def test_along_a_training_only_stale_gradients_are_biased() -> None:
    found = stale_gradients.by_age(12, (0, 1, 10))
    assert found[0].stale_gradients == 0
    assert 0.05 < found[1].stale_gradients < found[10].stale_gradients
    assert max(one.stale_weights for one in found.values()) < 1e-12


def test_the_gradients_are_those_whose_mean_is_the_gradient() -> None:
    data = load("digits").train[:20]
    model = start("mlp", MODELS["mlp"].Config(depth=1, hidden=4), data.spec, TrainConfig())
    assert isinstance(model, Trains)
    found = stale_gradients.gradients(model, data)
    assert found.shape == (20, model.size)
    assert np.linalg.norm(found.mean(0)) == pytest.approx(mean_gradient(model, data), rel=1e-5)
