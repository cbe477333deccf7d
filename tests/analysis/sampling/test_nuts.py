"""The no-U-turn sampler: the law that it keeps, its trees by brute force, and the paths of NUTS and HMC."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling import HMC, NUTS, Hamiltonian, SamplingError, Target, iterate_chains, sample_chains
from latentlab.analysis.sampling.chains import MOST_NUMBERS
from latentlab.analysis.sampling.nuts import _straight
from latentlab.analysis.sampling.targets import exact
from latentlab.data.builtin.synthetic import mixture
from tests.conftest import naming

MIXTURE = mixture([[-1.0, 0.0], [1.2, 0.8], [0.0, -1.2]], [[0.6, 0.8], [0.5, 0.6], [0.8, 0.5]], [0.5, 0.3, 0.2])


@pytest.mark.parametrize("scale", [0.25, 0.9])
def test_a_step_from_exact_draws_keeps_the_law(scale: float) -> None:
    density = mixture([[-1.0], [1.2]], [0.5, 0.7], [0.4, 0.6])
    start = density.sample(20_000, device.generator(3))
    state, move = next(iterate_chains(exact(density), start, NUTS(), scale, device.generator(4)))
    assert float(move.accepted.double().mean()) > 0.7
    w, m, s = (part.numpy() for part in (density.log_weights.exp(), density.means[:, 0], density.stds[:, 0]))
    x = state.x[:, 0].numpy()
    assert stats.kstest(x, lambda x: (w * stats.norm.cdf(x[:, None], m, s)).sum(1)).pvalue > 0.01
    assert np.abs(x - start[:, 0].numpy()).mean() > 0.4


@pytest.mark.slow
def test_means_variances_and_mode_weights_are_those_of_the_density_and_of_hmc() -> None:
    """Within five standard errors, on a Gaussian with correlations in five dimensions and on a mixture."""
    from arviz_stats.base import array_stats

    root = torch.randn(5, 5, generator=device.generator(5), dtype=torch.float64)
    cov = root @ root.T / 5 + 0.3 * torch.eye(5, dtype=torch.float64)
    precision, mean = cov.inverse(), torch.arange(5, dtype=torch.float64)
    gaussian = Target(
        lambda x: -0.5 * ((x - mean) @ precision * (x - mean)).sum(1), gradient=lambda x: -(x - mean) @ precision
    )
    weights = MIXTURE.log_weights.exp()

    def owner(x: Tensor) -> Tensor:
        return torch.cat(MIXTURE._log_joint(x.flatten(0, 1))).softmax(1).reshape(*x.shape[:2], -1)

    def squares(x: Tensor) -> Tensor:
        return torch.cat([x, (x - mean).square()], 2)

    cases = [(gaussian, 5, squares, torch.cat([mean, cov.diagonal()])), (exact(MIXTURE), 2, owner, weights)]
    for (target, dim, of, wanted), sampler in itertools.product(cases, (NUTS(), HMC())):
        start = torch.randn(100, dim, generator=device.generator(1), dtype=torch.float64)
        found = sample_chains(
            target, start, sampler=sampler, scale=0.5, n_steps=120, n_adapt=40, rng=device.generator(2)
        )
        numbers = of(torch.from_numpy(found.positions[40:]).transpose(0, 1)).numpy()
        error = array_stats.mcse(numbers, chain_axis=0, draw_axis=1)
        assert (error < 0.1).all()
        assert (np.abs(numbers.mean((0, 1)) - wanted.numpy()) < 5 * error).all()


def test_trees_turn_where_a_recursion_over_their_halves_says_so() -> None:
    """Hoffman & Gelman's algorithm 3 looks at both halves of a tree, and at the whole; with Betancourt's criterion, and
    Stan's for a half and the step next to it.
    """

    def onward(momenta: Doubles) -> bool:
        return bool(momenta.sum(0) @ momenta[0] > 0 and momenta.sum(0) @ momenta[-1] > 0)

    def goes_on(momenta: Doubles) -> bool:
        half = len(momenta) // 2
        if half == 0:
            return True
        parts = (momenta, momenta[: half + 1], momenta[half - 1 :])
        return goes_on(momenta[:half]) and goes_on(momenta[half:]) and all(onward(part) for part in parts)

    momenta = torch.randn(8, 100, 2, generator=device.generator(0)).double() + torch.tensor([1.2, 0.0])
    found, rho = _straight(momenta)
    assert found.tolist() == [goes_on(one) for one in momenta.numpy().swapaxes(0, 1)]
    assert 10 < found.sum() < 90
    torch.testing.assert_close(rho, momenta.sum(0))


def test_a_trajectory_in_a_bowl_is_doubled_until_it_is_more_than_half_a_turn() -> None:
    """On N(0, I) in many dimensions position and momentum are at right angles, and a way of time t turns at t = π: one
    of 31 steps of 0.075 doesn't, and one of 63 does.
    """
    normal = mixture([[0.0] * 100], 1.0)
    start = normal.sample(100, device.generator(0))
    _, move = next(iterate_chains(exact(normal), start, NUTS(), 0.075, device.generator(1)))
    assert move.n_leapfrog is not None
    assert move.diverged is not None
    assert float((move.n_leapfrog == 63).double().mean()) > 0.95
    assert not move.diverged.any()


@pytest.mark.parametrize("sampler", [HMC(n_leapfrog=12, n_paths=7), NUTS(max_depth=4, n_paths=7)], ids=["HMC", "NUTS"])
def test_a_path_follows_the_leapfrog_from_the_position_to_the_proposal(sampler: Hamiltonian) -> None:
    """The leapfrog without momenta: x_{k+1} - 2 x_k + x_{k-1} = ε² ∇log p(x_k) (Störmer, Verlet)."""
    start, scale, checked = MIXTURE.sample(9, device.generator(0)), 0.2, 0
    before = start
    for state, move in itertools.islice(iterate_chains(exact(MIXTURE), start, sampler, scale, device.generator(1)), 5):
        assert move.path is not None
        assert torch.equal(move.path[0], before[:7])
        assert torch.equal(move.path[-1], move.proposal[:7])
        for path in move.path.unbind(1):
            places = torch.unique_consecutive(path, dim=0)
            bend = places[2:] - 2 * places[1:-1] + places[:-2]
            slope = MIXTURE.score(places[1:-1])
            if len(bend):
                squared = float((bend * slope).sum() / slope.square().sum())
                torch.testing.assert_close(bend, squared * slope, rtol=0, atol=1e-9)
                assert 0.8 * scale - 1e-9 <= squared**0.5 <= 1.2 * scale + 1e-9
                checked += 1
        before = state.x
    assert checked > 20


def test_too_large_trees_are_a_sentence() -> None:
    with pytest.raises(SamplingError, match=naming(8, "1,000", f"{MOST_NUMBERS:,}")):
        next(iterate_chains(exact(MIXTURE), torch.zeros(1_000, 500), NUTS(), 0.1, device.generator(0)))
