"""A model's own log-density as what is sampled: the moments of a Gaussian, in units that differ, by every sampler."""

from __future__ import annotations

import math
from functools import partial
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.box import Box
from latentlab.analysis.sampling import (
    ENERGIES,
    KNOWN,
    SAMPLERS,
    DenoiserDensity,
    ModelDensity,
    diagnose,
    experiment_with,
    shade,
    within,
)
from latentlab.device import generator

MEAN = torch.tensor([3.0, 1e5, -0.02])
STD = torch.tensor([1.0, 2e4, 0.01])
CORRELATION = torch.tensor([[1.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 1.0]])
COVARIANCE = STD[:, None] * CORRELATION * STD


def potential(x: Tensor, precision: Tensor) -> Tensor:
    """(C, d) -> (C,), up to a constant."""
    u = (x - MEAN) / STD
    return 0.5 * ((u @ precision) * u).sum(1) - 7


def gaussian(has_gradient: bool = True) -> ModelDensity:
    unit = torch.randn((300, 3), generator=generator(0)) @ torch.linalg.cholesky(CORRELATION).T
    return ModelDensity(
        partial(potential, precision=torch.linalg.inv(CORRELATION)), has_gradient, MEAN + STD * unit, tuple("abc")
    )


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in ("Gibbs", "unadjusted Langevin")])
@pytest.mark.slow
def test_the_moments_of_a_gaussian_are_those_of_the_chains(name: str) -> None:
    """The mean within 5 Monte Carlo standard errors; each covariance within 5 of its own, by the ESS of the mean."""
    problem: ModelDensity = ForkingPickler.loads(ForkingPickler.dumps(gaussian()))
    sampler, n_steps = problem.samplers[name], 100 if name == "NUTS" else 500
    found = experiment_with(problem, ENERGIES["exact"], sampler, 0, "far outside", 100, n_steps, 1)
    numbers = diagnose(found.chains, sampler, n_steps // 2)
    assert found.names == ("a", "b", "c")
    assert (numbers.r_hat < 1.1).all()
    np.testing.assert_array_less(np.abs(numbers.mean - MEAN.numpy()), 5 * numbers.mcse)
    draws = (found.draws(0.5).reshape(-1, 3) - MEAN.numpy()) / STD.numpy()
    error = math.sqrt(2 / float(np.min([numbers.ess_bulk, numbers.ess_tail])))
    np.testing.assert_allclose(np.cov(draws.T), CORRELATION.numpy(), atol=5 * error)
    assert error < 0.06


def test_without_a_gradient_only_samplers_that_need_none_are_offered() -> None:
    offered = gaussian(has_gradient=False).samplers
    assert offered
    assert not any(sampler.needs_gradient for sampler in offered.values())
    assert set(gaussian().samplers) - set(offered) == {
        name for name, sampler in SAMPLERS.items() if sampler.needs_gradient
    }


def test_a_place_without_a_number_has_no_density() -> None:
    dense = shade(lambda x: torch.where(x[:, 0] > 0, -x.square().sum(1), torch.nan), Box(-1, 1, -1, 1), n=4)
    assert (dense[:, :2] == 0).all()
    assert dense.max() == 1
    assert (shade(lambda x: x[:, 0] - torch.inf, Box(-1, 1, -1, 1), n=4) == 0).all()


def test_a_network_elsewhere_has_no_operations_that_are_counted_here() -> None:
    assert within(0.0, 100, 300) == (100, 300)


def test_the_chain_of_a_denoiser_can_be_sent_to_another_process() -> None:
    problem = DenoiserDensity(partial(KNOWN["moons"].clean.denoise, sigma=0.1), 0.1, torch.zeros(5, 2), None, 1.0)
    again = ForkingPickler.loads(ForkingPickler.dumps(problem))
    assert again.samplers.keys() == problem.samplers.keys()
