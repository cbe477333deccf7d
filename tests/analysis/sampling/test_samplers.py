"""The samplers against what is known: moments, mode weights, marginals, flows in balance, and the leapfrog's order."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from latentlab import device
from latentlab.analysis.jacobian import jacobian
from latentlab.analysis.sampling import (
    HMC,
    MALA,
    NUTS,
    Chains,
    DenoisingChain,
    Gibbs,
    Langevin,
    ModelChain,
    RandomWalk,
    Sampler,
    SamplingError,
    Target,
    Tempering,
    denoising_kernel,
    diagnose,
    differentiable,
    iterate_chains,
    mixture_conditional,
    sample_chains,
)
from latentlab.analysis.sampling.hamiltonian import leapfrog
from latentlab.data.builtin.synthetic import DENSITIES, Density, mixture
from tests.conftest import naming

GAUSSIAN = mixture([[1.0, -2.0]], [[0.7, 1.4]])
MIXTURE = mixture([[-1.0, 0.0], [1.2, 0.8], [0.0, -1.2]], [[0.6, 0.8], [0.5, 0.6], [0.8, 0.5]], [0.5, 0.3, 0.2])

EXACT: list[tuple[Sampler, float]] = [
    (RandomWalk(), 1.2),
    (MALA(), 0.8),
    (HMC(n_leapfrog=8), 0.3),
    (Tempering((1.0, 3.0)), 1.2),
    (Gibbs(), 1.0),
]
REVERSIBLE = [(RandomWalk(), 1.0), (MALA(), 0.9), (HMC(n_leapfrog=3), 0.8)]


def label(value: object) -> str | None:
    return value.name if isinstance(value, Sampler) else None


def target(density: Density) -> Target:
    """All that is known of a density."""
    conditional = mixture_conditional(density.means, density.stds, density.log_weights)
    return Target(density.log_prob, gradient=density.score, conditional=conditional)


def sampled(density: Density, sampler: Sampler, scale: float, n_chains: int = 400, n_steps: int = 500) -> Chains:
    """Chains from starts that are not the density's."""
    start = 1.5 * torch.randn(n_chains, density.dim, generator=device.generator(1), dtype=torch.float64)
    rng = device.generator(2)
    return sample_chains(target(density), start, sampler=sampler, scale=scale, n_steps=n_steps, rng=rng)


@pytest.mark.parametrize(("sampler", "scale"), EXACT, ids=label)
@pytest.mark.parametrize("density", [GAUSSIAN, MIXTURE], ids=["gaussian", "mixture"])
@pytest.mark.slow
def test_means_covariances_and_mode_weights_are_within_three_standard_errors(
    sampler: Sampler, scale: float, density: Density
) -> None:
    from arviz_stats.base import array_stats

    chains = sampled(density, sampler, scale)
    assert diagnose(chains, sampler, burn_in=100).ess_bulk.min() > 1_500
    draws = torch.from_numpy(chains.positions[100:]).transpose(0, 1)  # (C, T, d)
    w = density.log_weights.exp()
    mean = w @ density.means
    second = torch.diag(w @ density.stds.square()) + (density.means.T * w) @ density.means
    flat = draws.flatten(0, 1)
    owner = torch.cat(density._log_joint(flat)).softmax(1).reshape(*draws.shape[:2], -1)  # whose expectation is w
    products = torch.stack([draws[..., i] * draws[..., j] for i in range(2) for j in range(i, 2)], -1)
    wanted = torch.cat([mean, second[[0, 0, 1], [0, 1, 1]], w])
    numbers = torch.cat([draws, products, owner], 2).numpy()
    error = array_stats.mcse(numbers, chain_axis=0, draw_axis=1)
    fixed = error > 1e-12  # the one weight of a single Gaussian is always 1
    z = (numbers.mean((0, 1)) - wanted.numpy())[fixed] / error[fixed]
    assert len(z) >= 5
    assert np.abs(z).max() < 3
    assert (error < 0.02 * (1 + wanted.abs().numpy())).all()


@pytest.mark.parametrize(("sampler", "scale"), EXACT, ids=label)
def test_thinned_draws_pass_kolmogorov_and_smirnov_on_the_exact_marginals(sampler: Sampler, scale: float) -> None:
    last = sampled(MIXTURE, sampler, scale, n_chains=1_500, n_steps=150).positions[-1]  # one draw a chain: independent
    w, m, s = (part.numpy() for part in (MIXTURE.log_weights.exp(), MIXTURE.means, MIXTURE.stds))
    for k in range(2):
        found = stats.kstest(last[:, k], lambda x, k=k: (w * stats.norm.cdf(x[:, None], m[:, k], s[:, k])).sum(1))
        assert found.pvalue > 0.01


def test_unadjusted_langevin_has_the_variance_of_its_step() -> None:
    """On N(0, 1) it is an autoregression with coefficient 1 - ε²/2, whose variance is 1 / (1 - ε²/4)."""
    normal, scale = mixture([[0.0]], 1.0), 1.0
    last = sampled(normal, Langevin(), scale, n_chains=20_000, n_steps=50).positions[-1]
    variance = 1 / (1 - scale**2 / 4)
    assert last.var() == pytest.approx(variance, abs=3 * variance * math.sqrt(2 / 20_000))
    assert abs(last.var() - 1) > 0.2


@pytest.mark.parametrize(("sampler", "scale"), REVERSIBLE, ids=label)
def test_as_many_go_from_a_cell_to_another_as_come_back(sampler: Sampler, scale: float) -> None:
    """Detailed balance: from exact draws, one step; the flows between any two of six cells are equal."""
    assert largest_imbalance(sampler, scale) < 4


def test_without_the_question_the_flows_are_out_of_balance() -> None:
    assert largest_imbalance(Langevin(), 0.9) > 6


def largest_imbalance(sampler: Sampler, scale: float) -> float:
    density = mixture([[-1.0], [1.2]], [0.5, 0.7], [0.4, 0.6])
    start = density.sample(100_000, device.generator(3))
    state, _ = next(iterate_chains(target(density), start, sampler, scale, device.generator(4)))
    edges = torch.tensor([-1.0, -0.3, 0.4, 1.0, 1.6], dtype=torch.float64)
    before, after = (torch.bucketize(x[:, 0].contiguous(), edges) for x in (start, state.x))
    flow = torch.bincount(6 * before + after, minlength=36).reshape(6, 6).double()
    total = flow + flow.T
    gap = torch.where(total > 0, (flow - flow.T) / total.sqrt(), 0.0)
    return float(gap.abs().max())


def test_a_step_between_six_states_keeps_detailed_balance_to_the_last_digit() -> None:
    """A table of six states on a ring: π_i P_ij = π_j P_ji with P_ij = q min(1, exp log_alpha)."""
    table = torch.tensor([0.05, 0.3, 0.1, 0.25, 0.2, 0.1], dtype=torch.float64)
    ring = Target(lambda x: table.log()[x[:, 0].long() % 6])
    states = torch.arange(6, dtype=torch.float64).unsqueeze(1)
    flow = torch.zeros(6, 6, dtype=torch.float64)
    at = ring.log_prob(states) if ring.log_prob else None
    for way in (-1, 1):
        log_alpha, _ = ring.compare(states, at, states + way + 6)
        for i in range(6):
            flow[i, (i + way) % 6] += table[i] * 0.5 * log_alpha[i].exp().clamp(max=1)
    torch.testing.assert_close(flow, flow.T, rtol=0, atol=1e-15)
    # and the sampler does accept with that probability
    flat = Target(lambda x: torch.where(x[:, 0] > 0, math.log(0.3), 0.0).double())
    start = torch.full((100_000, 1), -1e-9, dtype=torch.float64)
    _, move = next(iterate_chains(flat, start, RandomWalk(), 1.0, device.generator(0)))
    right = move.proposal[:, 0] > 0
    assert move.accepted[~right].all()
    assert float(move.accepted[right].double().mean()) == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 50_000))


def test_the_leapfrogs_energy_error_falls_with_the_square_of_its_step() -> None:
    rng = device.generator(0)
    x, m = MIXTURE.sample(500, rng), torch.randn(500, 2, generator=rng, dtype=torch.float64)

    def energy(x: Tensor, m: Tensor) -> Tensor:
        return 0.5 * m.square().sum(1) - MIXTURE.log_prob(x)

    def error(n: int) -> float:
        y, end, gradient = leapfrog(MIXTURE.score, x, m, MIXTURE.score(x), 0.8 / n, n)
        torch.testing.assert_close(gradient, MIXTURE.score(y))
        return float((energy(y, end) - energy(x, m)).square().mean().sqrt())

    errors = [error(n) for n in (8, 16, 32, 64)]
    slopes = np.diff(np.log(errors)) / -math.log(2)
    np.testing.assert_allclose(slopes, 2, atol=0.1)


def test_the_leapfrog_goes_back_the_way_it_came() -> None:
    rng = device.generator(0)
    x, m = MIXTURE.sample(50, rng), torch.randn(50, 2, generator=rng, dtype=torch.float64)
    y, end, gradient = leapfrog(MIXTURE.score, x, m, MIXTURE.score(x), 0.3, 7)
    back, start, _ = leapfrog(MIXTURE.score, y, -end, gradient, 0.3, 7)
    torch.testing.assert_close(back, x)
    torch.testing.assert_close(start, -m)


@pytest.mark.slow
def test_tempering_finds_the_other_mode_where_a_random_walk_does_not() -> None:
    far = mixture([[-6.0, 0.0], [6.0, 0.0]], 0.5, [0.3, 0.7])
    start = torch.full((200, 2), -6.0, dtype=torch.float64)
    start[:, 1] = 0

    def share(sampler: Sampler, n_steps: int) -> float:
        rng = device.generator(0)
        found = sample_chains(target(far), start, sampler=sampler, scale=0.8, n_steps=n_steps, rng=rng)
        return float((found.positions[n_steps // 2 :, :, 0] > 0).mean())

    assert share(RandomWalk(), 300) == 0
    ladder = Tempering((1.0, 2.5, 6.0, 15.0, 40.0, 100.0))
    assert share(ladder, 1_500) == pytest.approx(0.7, abs=0.08)


def test_temperatures_of_a_gaussian_exchange_as_often_as_the_closed_form_says() -> None:
    """In the plane p^(1/T) is a Gaussian too, and two temperatures exchange with probability 2 / (1 + T_hot / T_cold):
    |x|²/2 is exponential with mean T.
    """
    ladder = Tempering((1.0, 2.5, 10.0, 15.0))
    normal = mixture([[0.0, 0.0]], 1.0)
    found = sample_chains(
        target(normal), normal.sample(400, device.generator(0)), sampler=ladder, scale=1.5, n_steps=120,
        rng=device.generator(1),
    )  # fmt: skip
    assert found.swapped is not None
    rates = found.swapped[40:].mean((0, 2))
    wanted = [2 / (1 + hot / cold) for cold, hot in itertools.pairwise(ladder.temperatures)]
    np.testing.assert_allclose(rates, wanted, atol=0.02)


def variances(own: Sampler, start: Tensor, sigma: float, n_steps: int) -> Tensor:
    """(d,) of the last positions."""
    found = sample_chains(Target(), start, sampler=own, scale=sigma, n_steps=n_steps, rng=device.generator(0))
    assert found.accepted.all()
    return torch.from_numpy(found.positions[-1]).var(0)


@pytest.mark.parametrize("sigma", [0.25, 0.5, 1.0])
def test_a_denoising_chain_keeps_the_variance_of_gaussian_data(sigma: float) -> None:
    """Data N(0, 1): p(x|x̃) = N(a x̃, a σ²) with a = 1 / (1 + σ²) keeps 1 (Alain 2018, §5.3.1); N(a x̃, σ²) has 1.139
    for σ = 0.5, and the mean alone 0.444.
    """
    n, a = 20_000, 1 / (1 + sigma**2)
    start = torch.zeros(n, 1, dtype=torch.float64)
    for own in (ModelChain(denoising_kernel(lambda x: a * x, sigma)), DenoisingChain(mixture([[0.0]], 1.0))):
        assert variances(own, start, sigma, 90) == pytest.approx(1.0, abs=4 * math.sqrt(2 / n))


@pytest.mark.slow
def test_the_exact_denoising_chain_has_the_law_of_a_mixture_for_every_noise() -> None:
    density = DENSITIES["mixture"]
    mean = density.log_weights.exp() @ density.means
    truth = density.log_weights.exp() @ (density.means.square() + density.stds.square()) - mean.square()
    start = density.means[:1].repeat(4_000, 1)
    for sigma, n_steps in ((0.5, 300), (1.0, 60)):
        found = variances(DenoisingChain(density), start, sigma, n_steps)
        torch.testing.assert_close(found, truth, rtol=0.06, atol=0)
    learned = ModelChain(denoising_kernel(lambda x: density.denoise(x, 0.5), 0.5))  # each posterior as one Gaussian
    torch.testing.assert_close(variances(learned, start, 0.5, 300), truth, rtol=0.06, atol=0)


def test_a_draw_of_what_was_there_before_the_noise_has_the_posterior_mean_and_covariance() -> None:
    """Mean: the optimal denoiser. Covariance: σ² times its Jacobian (Miyasawa 1961)."""
    sigma, place = 0.5, torch.tensor([[0.4, -0.3]], dtype=torch.float64)
    drawn = MIXTURE.draw_clean(place.repeat(100_000, 1), sigma, device.generator(0))
    torch.testing.assert_close(drawn.mean(0), MIXTURE.denoise(place, sigma)[0], rtol=0, atol=0.01)
    wanted = sigma**2 * jacobian(lambda x: MIXTURE.denoise(x, sigma), place)[0]
    torch.testing.assert_close(drawn.T.cov(), wanted, rtol=0.02, atol=0.003)


def test_a_negative_or_turning_jacobian_is_no_covariance() -> None:
    """r = J x̃ with J = diag(1/2, -1/2) and a rotation added: the symmetric part alone adds noise, and -1/2 none."""
    j = torch.tensor([[0.5, 0.3], [-0.3, -0.5]], dtype=torch.float64)
    x = torch.zeros(50_000, 2, dtype=torch.float64)
    after = denoising_kernel(lambda x: x @ j.T, 1.0)(x, device.generator(0))
    wanted = j @ j.T + torch.diag(torch.tensor([0.5, 0.0], dtype=torch.float64))
    torch.testing.assert_close(after.T.cov(), wanted, rtol=0.03, atol=0.01)


def test_a_gradient_comes_from_torch_where_it_is_not_given() -> None:
    x = MIXTURE.sample(20, device.generator(0))
    torch.testing.assert_close(differentiable(MIXTURE.log_prob).slope(x), MIXTURE.score(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("sampler", "scale"), [*EXACT, (NUTS(), 0.5), (Langevin(), 0.5)], ids=label)
def test_a_chain_repeats_from_its_seed_in_its_own_precision(sampler: Sampler, scale: float, dtype: torch.dtype) -> None:
    start = torch.zeros(7, 2, dtype=dtype)

    def run(seed: int) -> Chains:
        rng = device.generator(seed)
        return sample_chains(target(MIXTURE), start, sampler=sampler, scale=scale, n_steps=5, rng=rng)

    assert run(0).positions.dtype == np.dtype(str(dtype).removeprefix("torch."))
    np.testing.assert_array_equal(run(0).positions, run(0).positions)
    assert not np.array_equal(run(0).positions, run(1).positions)


@pytest.mark.parametrize("sampler", [MALA(), HMC(), NUTS(), Langevin()], ids=label)
def test_a_target_without_a_gradient_is_a_sentence(sampler: Sampler) -> None:
    with pytest.raises(SamplingError, match="gradient"):
        next(iterate_chains(Target(MIXTURE.log_prob), torch.zeros(3, 2), sampler, 0.1, device.generator(0)))


def test_gibbs_and_tempering_say_what_they_lack() -> None:
    start = torch.zeros(3, 2)
    with pytest.raises(SamplingError, match="Gibbs"):
        next(iterate_chains(Target(MIXTURE.log_prob), start, Gibbs(), 0.1, device.generator(0)))
    with pytest.raises(SamplingError, match="log-density"):
        next(iterate_chains(Target(log_ratio=lambda x, _: x[:, 0]), start, Tempering(), 0.1, device.generator(0)))
    with pytest.raises(SamplingError, match=naming("temperatures", 1)):
        next(iterate_chains(target(MIXTURE), start, Tempering((1.0, 3.0, 2.0)), 0.1, device.generator(0)))
    with pytest.raises(SamplingError, match=naming("log-density", "ratios")):
        next(iterate_chains(Target(), start, RandomWalk(), 0.1, device.generator(0)))
