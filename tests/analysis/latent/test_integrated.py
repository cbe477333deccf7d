"""log p(x) by a sum over all codes: where the answer is known, where codes are narrow, and next to the bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent import integrated as module
from latentlab.analysis.latent.bounds import bound
from latentlab.analysis.latent.integrated import can_integrate, integrated
from latentlab.data import Kind, Spec
from latentlab.distributions import log_mean_exp, normal_log_prob
from latentlab.models import LogLikelihood
from latentlab.models.parts.priors import StandardNormal
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.shipped import SHIPPED_RUNS


class Linear(VAE):
    """x = W z + noise of a standard deviation, so x ~ N(0, W Wᵀ + σ²)."""

    def __init__(self, n_dims: int, std: float) -> None:
        super().__init__(VAE.Config(z_dim=n_dims, hidden=4, layers=1), Spec((3,), 0, Kind.VECTOR))
        self.w, self.std = torch.randn(n_dims, 3, generator=device.generator(1)), std

    def pixel_log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        return normal_log_prob(x, z @ self.w, torch.tensor(self.std).log())

    def truth(self, x: Tensor) -> Tensor:
        covariance = self.w.T @ self.w + self.std**2 * torch.eye(3)
        found: Tensor = torch.distributions.MultivariateNormal(torch.zeros(3), covariance).log_prob(x)
        return found


@pytest.mark.parametrize("n_dims", [1, 2])
@pytest.mark.parametrize("std", [1.0, 0.05, 0.01])
def test_of_a_linear_model_it_is_the_density_of_a_gaussian(n_dims: int, std: float) -> None:
    model = Linear(n_dims, std)
    rng = device.generator(0)
    x = torch.randn(20, n_dims, generator=rng) @ model.w + std * torch.randn(20, 3, generator=rng)
    np.testing.assert_allclose(integrated(model, x).values, model.truth(x), atol=0.01)


class Quartic(Linear):
    """log p(x|z) falls with the fourth power of x - z."""

    def pixel_log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        return -((x - z.mean(-1)[..., None]) ** 4) - math.log(2 * math.gamma(1.25))


def test_a_density_that_is_not_quadratic_is_summed_example_by_example() -> None:
    model = Quartic(1, 1.0)
    x = torch.randn(5, 3, generator=device.generator(0))
    z = torch.linspace(-10, 10, 20_001).double()
    each = -((x.double().unsqueeze(1) - z[:, None]) ** 4).sum(2) - 3 * math.log(2 * math.gamma(1.25))
    truth = (each - z**2 / 2 - math.log(2 * math.pi) / 2).logsumexp(1) + math.log(1e-3)
    np.testing.assert_allclose(integrated(model, x).values, truth, atol=1e-3)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gray-bernoulli", "continuous-bernoulli", "gaussian"])
def test_each_likelihood_agrees_with_many_draws_of_the_prior(likelihood: str) -> None:
    model = VAE(VAE.Config(z_dim=2, hidden=8, layers=1, likelihood=likelihood), Spec((1, 3, 3), 0, Kind.IMAGE))
    initialise(model, device.generator(0))
    x = model.binarise(torch.rand(6, 1, 3, 3, generator=device.generator(1)), device.generator(2))
    z = StandardNormal(2).sample(20_000, device.generator(3))
    with torch.no_grad():
        drawn = log_mean_exp(model.log_likelihood(x.unsqueeze(1).expand(-1, len(z), -1, -1, -1), z.expand(6, -1, 2)), 1)
    np.testing.assert_allclose(integrated(model.eval(), x).values, drawn, atol=0.05)


@pytest.mark.parametrize("run", ["digits-vae", "digits-vae-planar"])
def test_of_a_trained_model_no_bound_is_above_it(run: str) -> None:
    store = SHIPPED_RUNS
    model = store.load(run)
    assert isinstance(model, LogLikelihood)
    x = model.binarise(store.examples(run)[:10].batch().x, device.generator(0))
    exact = integrated(model, x)
    draws = bound(model.log_prob, x, 3_000)
    np.testing.assert_allclose(draws.values, exact.values, atol=0.3)
    assert bound(model.log_prob, x, 1).above(exact)[0] < 0


def test_codes_that_no_grid_settles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HALVINGS", 1)
    model = Linear(1, 1e-4)
    with pytest.raises(ValueError, match="settle"):
        integrated(model, torch.randn(3, 1) @ model.w)


def test_three_dimensions_are_too_many() -> None:
    assert not can_integrate(Linear(3, 1.0))
    with pytest.raises(TypeError):
        integrated(Linear(3, 1.0), torch.zeros(1, 3))
