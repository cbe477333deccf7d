"""Scores and what was expected, on linear-Gaussian models where both are known exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import Tensor

from latentlab import device
from latentlab.analysis.monitoring.scores import SCORE, can_score, expected, scores, unit, usual_error
from latentlab.data import Dataset, Kind, Spec
from latentlab.distributions import Gaussian, normal_log_prob
from latentlab.models import MODELS, HasLikelihood, HasPosterior, Model
from latentlab.nn.initialise import initialise

COLUMNS = 6


def linear_data(n: int, seed: int = 0) -> Dataset:
    """Readings of six sensors that two causes move, with noise."""
    rng = np.random.default_rng(seed)
    w = np.random.default_rng(9).normal(size=(2, COLUMNS))
    x = torch.from_numpy(rng.normal(size=(n, 2)) @ w + 0.3 * rng.normal(size=(n, COLUMNS))).float()
    return Dataset("readings", x, torch.full((n,), -1), (), Kind.VECTOR)


def fresh(name: str, n_classes: int, **knobs: object) -> Model:
    """A small model that isn't trained, frozen."""
    kind = MODELS[name]
    model = kind(kind.Config(**knobs), Spec((COLUMNS,), n_classes, Kind.VECTOR))
    initialise(model, device.generator(0))
    return model.eval().requires_grad_(False)


class Linear(HasPosterior, HasLikelihood):
    """p(x|z) = N(W z, s²), with a posterior that is given: means and errors are known in closed form."""

    name, title = "linear", "Linear"
    std = torch.tensor([0.1, 0.5, 2.0])
    w = torch.tensor([[1.0, 0.0], [2.0, -1.0], [0.0, 3.0]])
    z_std = torch.tensor([0.3, 0.2])

    def posterior(self, x: Tensor) -> Gaussian:
        return Gaussian(x[:, :2], self.z_std.log().expand(len(x), 2))

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x).mean

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.w.T

    def observed(self, x: Tensor) -> Tensor:
        return x

    def pixel_log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        return normal_log_prob(x, self.decode(z), self.std.log())


def test_of_probabilistic_pca_the_score_is_minus_the_density_of_a_gaussian() -> None:
    model, data = fresh("ppca", 0, z_dim=2), linear_data(400)
    list(model.fit(data, device.generator(0)))  # type: ignore[operator]
    x = data.x[:50]
    parts = {name: value.double().numpy() for name, value in model.state_dict().items()}
    w, b, std = parts["p_x.weight"], parts["p_x.bias"], np.exp(parts["log_std"])
    covariance = w @ w.T + std**2 * np.eye(COLUMNS)
    exact = -multivariate_normal(b, covariance).logpdf(x.double().numpy())
    assert scores(model, x, 10, device.generator(0)) == pytest.approx(exact, abs=1e-3)
    assert unit(model) == "nats"
    found = expected(model, x, 500, device.generator(1), np.ones(COLUMNS))
    mean = model.decode(model.encode(x)).double().numpy()  # type: ignore[operator]
    assert found.mean == pytest.approx(mean, abs=0.1)


def test_what_each_value_adds_and_its_deviation_are_those_of_the_linear_model() -> None:
    model, x = Linear(), torch.tensor([[0.5, -1.0, 4.0], [0.0, 0.0, 0.0]])
    found = expected(model, x, 40_000, device.generator(0), np.ones(3))
    mean = model.decode(x[:, :2])
    moved = (model.w**2 @ model.z_std**2).double()  # the variance of W z
    noise = model.std.double()
    exact = 0.5 * math.log(2 * math.pi) + noise.log() + ((x - mean).double() ** 2 + moved) / (2 * noise**2)
    assert found.nats == pytest.approx(exact.numpy(), rel=0.03)
    assert found.std == pytest.approx((moved + noise**2).sqrt().expand(2, 3).numpy(), rel=0.03)
    assert found.apart(x.double().numpy()) == pytest.approx((x - mean).double().numpy() / found.std, abs=0.05)
    assert len(expected(model, x[:0], 3, device.generator(0), np.ones(3)).mean) == 0


@pytest.mark.parametrize("name", ["vae", "avae", "m2", "adgm", "sdgm", "ae"])
def test_every_model_scores_by_its_own_bound(name: str) -> None:
    knobs = {"hidden": 16, "z_dim": 3} | ({} if name == "ae" else {"likelihood": "real-gaussian"})
    model = fresh(name, 3, **knobs)
    x = linear_data(30).x
    assert can_score(model)
    assert isinstance(model, SCORE)
    found = scores(model, x, 60, device.generator(1))
    again = scores(model, x, 60, device.generator(1))
    assert (found == again).all()
    if name == "ae":
        exact = (model.decode(model.encode(x)) - x).square().sum(1)  # type: ignore[operator]
        assert unit(model) == "squared error"
        assert found == pytest.approx(exact.numpy(), rel=1e-4)
    else:
        rng = device.generator(2)
        of_one = getattr(model, "unlabelled_bound", None) or model.log_prob
        bound = torch.stack([of_one(x, 1, rng) for _ in range(60)])  # type: ignore[operator]
        error = float(bound.std(0).mean()) * (2 / 60 / len(x)) ** 0.5  # of the mean over the examples
        assert float((found + bound.mean(0).numpy()).mean()) == pytest.approx(0, abs=4 * error + 0.02)
    usual = usual_error(model, x, 5, device.generator(0))
    one = expected(model, x[:4], 5, device.generator(0), usual)
    assert one.mean.shape == one.std.shape == one.nats.shape == (4, COLUMNS)
    assert (one.std > 0).all()


def test_a_model_that_neither_bounds_nor_reconstructs_is_rejected() -> None:
    model = fresh("mlp", 3, hidden=8)
    assert not can_score(model)
    with pytest.raises(ValueError, match="reconstruct"):
        scores(model, linear_data(3).x, 1, device.generator(0))
