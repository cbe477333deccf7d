"""Starts, the posterior of a linear model in closed form, and experiments within what they may cost."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler

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
    RandomWalk,
    SamplingError,
    Target,
    VisibleLikelihood,
    experiment,
    posterior,
    prepared,
    sample_chains,
    start_places,
)
from latentlab.data.builtin.synthetic import CHUNK, DENSITIES


def test_the_samplers_are_listed_under_their_own_names() -> None:
    assert [sampler.name for sampler in SAMPLERS.values()] == list(SAMPLERS)


def test_chains_start_where_they_are_told() -> None:
    data = DENSITIES["moons"].sample(300, device.generator(0))
    known = {tuple(row) for row in data.tolist()}
    assert {tuple(row) for row in start_places(data, "data", 50, device.generator(0)).tolist()} <= known
    same = start_places(data, "one point", 5, device.generator(0))
    assert (same == same[0]).all()
    assert tuple(same[0].tolist()) in known
    far = start_places(data, "far outside", 50, device.generator(0))
    assert torch.cdist(far, data).min() > 1
    assert (far - data.mean(0) > 0).double().mean().item() == pytest.approx(0.5, abs=0.2)
    with pytest.raises(SamplingError, match="'somewhere'"):
        start_places(data, "somewhere", 5, device.generator(0))  # type: ignore[arg-type]


def test_the_posterior_of_a_linear_model_is_the_closed_form() -> None:
    """x = Wz + ε, ε ~ N(0, s² I): p(z|x) = N(A Wᵀx / s², A) with A = (I + WᵀW / s²)⁻¹; and for x_1 alone likewise."""
    w = torch.tensor([[1.0, 0.5], [-0.3, 1.2], [0.4, 0.4]], dtype=torch.float64)
    x, s = torch.tensor([0.7, -0.4, 1.0], dtype=torch.float64), 0.5

    def log_likelihood(z: Tensor, seen: int) -> Tensor:
        return -0.5 * ((x - z @ w.T)[:, :seen] / s).square().sum(1)

    for seen in (3, 1):
        a = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + w[:seen].T @ w[:seen] / s**2)
        mean = a @ w[:seen].T @ x[:seen] / s**2
        target = posterior(lambda z, seen=seen: log_likelihood(z, seen))  # type: ignore[misc]
        start = torch.zeros(500, 2, dtype=torch.float64)
        found = sample_chains(target, start, sampler=HMC(), scale=0.3, n_steps=60, rng=device.generator(0))
        draws = found.positions[20:].reshape(-1, 2)
        np.testing.assert_allclose(draws.mean(0), mean, atol=0.03)
        np.testing.assert_allclose(np.cov(draws.T), a, atol=0.03)


def test_the_likelihood_of_what_is_visible_can_be_given_to_another_process() -> None:
    likelihood = VisibleLikelihood(
        torch.nn.MSELoss(reduction="none"), torch.tensor([1.0, 2.0]), torch.tensor([True, False])
    )
    ForkingPickler.dumps(CodePosterior(likelihood, torch.ones(2), False, torch.zeros(3, 2), 1.0, (0, 1)))
    torch.testing.assert_close(likelihood(torch.tensor([[4.0, 7.0], [1.0, 0.0]])), torch.tensor([9.0, 0.0]))


def test_the_proposals_of_some_chains_can_be_kept() -> None:
    density = DENSITIES["mixture"]
    start = density.sample(9, device.generator(0))
    found = sample_chains(
        Target(density.log_prob), start, sampler=RandomWalk(), scale=0.6, n_steps=30, rng=device.generator(0),
        n_proposals=4,
    )  # fmt: skip
    assert found.proposals is not None
    assert found.proposals.shape == (30, 4, 2)
    taken = found.accepted[:, :4]
    np.testing.assert_array_equal(found.proposals[taken], found.positions[:, :4][taken])


@pytest.mark.parametrize("name", DENSITIES)
def test_a_prepared_density_is_the_density(name: str) -> None:
    density = DENSITIES[name]
    fast = prepared(density)
    x = density.blurred(0.2).sample(300, device.generator(0))
    torch.testing.assert_close(fast(x), density.log_prob(x), rtol=1e-9, atol=1e-9)
    single = fast(x.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, density.log_prob(x.float()), rtol=1e-3, atol=1e-2)
    many = x[:1].expand(CHUNK // len(density.means) + 1, -1)
    torch.testing.assert_close(fast(many)[0], density.log_prob(x[:1])[0])


def test_an_experiment_is_cut_to_what_it_may_cost() -> None:
    instance = KNOWN["mixture"].instance(ENERGIES["exact"])
    flops = 8 * 10 + 2_000  # for a place: eight for each of the ten numbers of five means in the plane
    found = experiment(instance, HMC(n_leapfrog=3), 0.1, n_chains=50, n_steps=200, work=50 * 3 * flops * 40)
    assert found.chains.accepted.shape == (40, 50)
    assert found.start.shape == (50, 2)
    few = experiment(instance, HMC(n_leapfrog=3), 0.1, n_chains=50, n_steps=200, work=1.0)
    assert few.chains.accepted.shape == (20, 10)


def test_an_experiment_is_seen_against_its_density() -> None:
    instance = KNOWN["two far modes"].instance(ENERGIES["exact"])
    found = experiment(instance, RandomWalk(), 0.6, "one point", 40, 60, seed=1)
    assert found.density is not None
    assert found.density.max() == 1
    x = np.linspace(*found.box.x, len(found.density) + 1)
    mean = ((x[1:] + x[:-1]) / 2 * found.density.sum(0)).sum() / found.density.sum()
    assert mean == pytest.approx(-4 * 0.3 + 4 * 0.7, abs=0.02)
    assert (found.start == found.start[0]).all()
    np.testing.assert_array_equal(found.draws(0.5), found.chains.positions[30:])
    again = experiment(instance, RandomWalk(), 0.6, "one point", 40, 60, seed=1)
    np.testing.assert_array_equal(found.chains.positions, again.chains.positions)


def test_a_chain_that_is_lost_is_no_draw() -> None:
    def log_prob(z: Tensor) -> Tensor:
        return torch.where(z[:, 0] > 0, torch.nan, 0.0)

    codes = torch.tensor([[1.0, 0.0], [-9.0, 0.0]])
    problem = CodePosterior(log_prob, torch.ones(2), True, codes, 1.0, (0, 1))
    found = experiment(problem.instance(ENERGIES["exact"]), RandomWalk(), 1e-3, n_chains=30, n_steps=10)
    lost = found.start[:, 0] == 1
    assert 0 < lost.sum() < 30
    np.testing.assert_array_equal(found.chains.lost, lost)
    np.testing.assert_allclose(found.draws(0.0)[..., 0], -9, atol=0.1)
    assert found.box.x_high < 0  # a posterior is framed by its chains alone
