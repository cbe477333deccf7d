"""What can be sampled: each problem knows its density as well as it says, and offers what can move on it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.sampling import (
    ENERGIES,
    HMC,
    KNOWN,
    SAMPLERS,
    CodePosterior,
    DenoiserDensity,
    DenoisingChain,
    KnownDensity,
    ModelChain,
    Problem,
    RandomWalk,
    SamplingError,
    Target,
    experiment,
)
from latentlab.data import DENSITIES, mixture

MIXTURE = DENSITIES["mixture"]
SIGMA = 0.2


def learned(name: str = "mixture") -> DenoiserDensity:
    density = DENSITIES[name]
    data = density.sample(200, device.generator(0)).float()
    return DenoiserDensity(lambda x: density.denoise(x, SIGMA), SIGMA, data, density, 1e4)


def linear(n_seen: int) -> tuple[CodePosterior, Tensor, Tensor]:
    """x = Wz + ε, ε ~ N(0, s² I), of which the first values are seen: with the mean and covariance of p(z|x)."""
    w = torch.tensor([[1.0, 0.5], [-0.3, 1.2], [0.4, 0.4]], dtype=torch.float64)
    x, s = torch.tensor([0.7, -0.4, 1.0], dtype=torch.float64), 0.5
    seen = w[:n_seen]
    covariance = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + seen.T @ seen / s**2)
    whole = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + w.T @ w / s**2)

    def log_likelihood(z: Tensor) -> Tensor:
        return -0.5 * ((x[:n_seen] - z @ seen.T) / s).square().sum(1)

    codes = torch.randn(300, 2, generator=device.generator(0), dtype=torch.float64)
    posterior = CodePosterior(log_likelihood, whole.diagonal().sqrt(), n_seen == 3, codes, 1e4, (0, 1))
    return posterior, covariance @ seen.T @ x[:n_seen] / s**2, covariance


def rise(target: Target, x: Tensor, y: Tensor) -> Tensor:
    """log p(y) - log p(x)."""
    return target.compare(x, None if target.log_prob is None else target.log_prob(x), y)[0]


def steps() -> tuple[Tensor, Tensor]:
    x = MIXTURE.sample(200, device.generator(1))
    return x, x + 0.3 * torch.randn(x.shape, generator=device.generator(2), dtype=x.dtype)


@pytest.mark.parametrize("problem", [KnownDensity.of(MIXTURE), KnownDensity.of_thin(MIXTURE), learned()])
@pytest.mark.parametrize("name", ENERGIES)
def test_differences_of_log_density_are_those_of_the_instances_truth(problem: Problem, name: str) -> None:
    energy = ENERGIES[name]
    if energy not in problem.energies:
        with pytest.raises(SamplingError):
            problem.instance(energy)
        return
    instance = problem.instance(energy)
    assert instance.truth is not None
    x, y = steps()
    found, wanted = rise(instance.target, x, y), instance.truth.log_prob(y) - instance.truth.log_prob(x)
    error = float((found - wanted).abs().max())
    if energy.is_rough:
        torch.testing.assert_close(found, (instance.truth.score(x) * (y - x)).sum(1))
        assert error > 0.5
    else:
        assert error < (1e-9 if energy.rule is None else 0.1)


def test_a_thin_density_is_blurred_even_where_it_is_known_exactly() -> None:
    curve = DENSITIES["curve"]
    truth = KNOWN["curve"].instance(ENERGIES["exact"]).truth
    assert truth is not None
    torch.testing.assert_close(truth.stds, (curve.stds.square() + 0.1**2).sqrt())
    assert KNOWN["curve"].closed_form is truth  # the thin one, with steps for the blurred one, loses every chain
    assert {name: problem.dim for name, problem in KNOWN.items() if problem.dim != 2} == {"curve": 10}


@pytest.mark.parametrize("problem", [KnownDensity.of(MIXTURE), KnownDensity.of_thin(MIXTURE), learned()])
def test_a_denoising_chain_is_held_against_the_density_before_the_noise(problem: Problem) -> None:
    instance = problem.instance(problem.energies[0])
    own = next(one for one in problem.samplers.values() if one.is_clean)
    found = experiment(instance, own, 0.3, n_chains=400, n_steps=200)
    assert found.truth is not None
    assert found.truth is instance.clean
    others = [one for one in problem.samplers.values() if not one.is_clean]
    assert experiment(instance, others[0], 0.3, n_chains=10, n_steps=10).truth is instance.truth
    reached = torch.from_numpy(found.draws(0.5).reshape(-1, 2)).var(0)
    truth = found.truth.sample(200_000, device.generator(5)).var(0)
    torch.testing.assert_close(reached.double(), truth, rtol=0.12, atol=0)


def test_what_can_move_on_a_problem_needs_no_more_than_it_knows() -> None:
    assert list(KNOWN["moons"].samplers) == [*SAMPLERS, DenoisingChain.name]
    assert list(linear(3)[0].samplers) == [name for name in SAMPLERS if name != "Gibbs"]
    own, *others = learned().samplers
    assert own == ModelChain.name
    assert others == [name for name in SAMPLERS if name not in ("Gibbs", "parallel tempering")]


@pytest.mark.parametrize("problem", [KNOWN["moons"], learned("moons"), linear(3)[0]])
@pytest.mark.slow
def test_whatever_is_offered_moves_the_chains(problem: Problem) -> None:
    for sampler in problem.samplers.values():
        for energy in problem.energies[:1]:
            found = experiment(problem.instance(energy), sampler, problem.scale(sampler), n_chains=20, n_steps=30)
            assert found.chains.accepted.mean() > 0.1
            assert not found.chains.lost.any()


@pytest.mark.parametrize("name", [name for name, sampler in SAMPLERS.items() if sampler.best is not None])
def test_the_scale_that_suits_a_gaussian_is_accepted_as_often_as_is_best(name: str) -> None:
    problem, sampler = KnownDensity.of(mixture([[0.0, 0.0]], 0.7)), SAMPLERS[name]
    found = experiment(problem.instance(ENERGIES["exact"]), sampler, problem.scale(sampler), n_chains=200, n_steps=60)
    low, high = sampler.best or (0, 1)
    assert low < found.chains.acceptance.mean() < high


def test_the_scale_follows_the_narrowest_direction_and_the_number_of_dimensions() -> None:
    plane = KnownDensity.of(mixture([[0.0, 0.0], [3.0, 3.0]], [[1.0, 2.0], [0.5, 4.0]]))
    deep = KnownDensity.of(mixture([[0.0] * 8], 0.5))
    assert plane.scale(RandomWalk()) == pytest.approx(0.5 * RandomWalk.sensible)
    assert deep.scale(RandomWalk()) == pytest.approx(0.5 * RandomWalk.sensible / 2)
    assert learned().scale(ModelChain(lambda x, _: x)) == pytest.approx(SIGMA)


@pytest.mark.parametrize("n_seen", [3, 1])
def test_the_posterior_of_codes_is_the_closed_form(n_seen: int) -> None:
    problem, mean, covariance = linear(n_seen)
    instance = problem.instance(ENERGIES["exact"])
    z = torch.randn(50, 2, generator=device.generator(3), dtype=torch.float64)
    exact = torch.distributions.MultivariateNormal(mean, covariance).log_prob(z)
    torch.testing.assert_close(rise(instance.target, z, z.flip(0)), exact.flip(0) - exact)
    torch.testing.assert_close(instance.target.slope(z), (mean - z) @ torch.linalg.inv(covariance))
    smallest = math.sqrt(float(linear(3)[2].diagonal().min()))
    assert problem.narrowest == pytest.approx(smallest * (1 if n_seen == 3 else 2))


def test_a_gradient_of_a_network_costs_more_than_its_value() -> None:
    instance = linear(3)[0].instance(ENERGIES["exact"])
    assert instance.flops_of(RandomWalk()) == 1e4
    assert instance.flops_of(HMC(n_leapfrog=7)) == 3e4
    path = learned().instance(ENERGIES["path integral"])
    assert path.flops_of(RandomWalk()) == 5e4


def test_the_examples_of_an_instance_are_of_its_density() -> None:
    data = KNOWN["two far modes"].instance(ENERGIES["exact"], seed=3).data
    assert float((data[:, 0] > 0).float().mean()) == pytest.approx(0.7, abs=0.04)
    again = KNOWN["two far modes"].instance(ENERGIES["exact"], seed=3).data
    np.testing.assert_array_equal(data, again)
