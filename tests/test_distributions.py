"""Every density against scipy or numerical integration; the KL against sampling."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor
from torch.distributions import Normal

from latentlab import device, distributions
from latentlab.distributions import Gaussian

X = torch.tensor([-1.3, 0.0, 0.4, 2.0], dtype=torch.float64)
LOGITS = torch.tensor([-30.0, -4.0, -0.3, -1e-3, 0.0, 1e-3, 0.02, 1.0, 9.0, 30.0], dtype=torch.float64)


def test_normal_is_scipys() -> None:
    ours = distributions.normal_log_prob(X, torch.tensor(0.7), torch.tensor(0.5).log().double())
    np.testing.assert_allclose(ours, scipy.stats.norm(0.7, 0.5).logpdf(X), rtol=1e-6)
    np.testing.assert_allclose(distributions.standard_normal_log_prob(X), scipy.stats.norm().logpdf(X))


def test_kl_is_that_of_torch_distributions() -> None:
    mean, std = torch.tensor([-2.0, 0.0, 0.3]), torch.tensor([0.1, 1.0, 2.5])
    theirs = torch.distributions.kl_divergence(torch.distributions.Normal(mean, std), torch.distributions.Normal(0, 1))
    torch.testing.assert_close(distributions.kl_to_standard_normal(mean, std.log()), theirs)
    q, p = Gaussian(mean, std.log()), Gaussian(torch.tensor([1.0, -0.4, 0.3]), torch.tensor([2.0, -1.5, 0.1]))
    theirs = torch.distributions.kl_divergence(Normal(mean, std), Normal(p.mean, p.log_std.exp()))
    torch.testing.assert_close(distributions.gaussian_kl(q, p), theirs)


def test_kl_is_what_sampling_estimates() -> None:
    mean, log_std = torch.tensor(0.8), torch.tensor(-0.7)
    z = mean + log_std.exp() * torch.randn(400_000, generator=device.generator(0))
    log_ratio = distributions.normal_log_prob(z, mean, log_std) - distributions.standard_normal_log_prob(z)
    error = log_ratio.std() / len(z) ** 0.5
    assert abs(log_ratio.mean() - distributions.kl_to_standard_normal(mean, log_std)) < 4 * error


@pytest.mark.parametrize("x", [0.0, 1.0, 0.3])
def test_bernoulli_is_cross_entropy(x: float) -> None:
    p = torch.sigmoid(LOGITS[1:-1])
    expected = x * p.log() + (1 - x) * (1 - p).log()
    torch.testing.assert_close(distributions.bernoulli_log_prob(torch.tensor(x), LOGITS[1:-1]), expected)


def test_bernoulli_is_finite_far_out() -> None:
    assert distributions.bernoulli_log_prob(torch.tensor(1.0), torch.tensor(-1e4)).item() == -1e4


def _integral(values: Tensor, grid: Tensor) -> Tensor:
    return torch.trapezoid(values, grid, dim=0)


def test_continuous_bernoulli_integrates_to_one_and_has_its_mean() -> None:
    grid = torch.linspace(0, 1, 200_001, dtype=torch.float64).unsqueeze(1)
    density = distributions.continuous_bernoulli_log_prob(grid, LOGITS).exp()
    torch.testing.assert_close(_integral(density, grid), torch.ones_like(LOGITS), rtol=1e-6, atol=0)
    torch.testing.assert_close(
        _integral(grid * density, grid), distributions.continuous_bernoulli_mean(LOGITS), rtol=1e-5, atol=1e-7
    )


def test_continuous_bernoulli_has_a_finite_gradient_everywhere() -> None:
    logits = LOGITS.float().clone().requires_grad_()
    total = distributions.continuous_bernoulli_log_prob(torch.tensor(0.3), logits).sum()
    (gradient,) = torch.autograd.grad(total, logits)
    # d/dl log p(x; l) = x - mean(l)
    torch.testing.assert_close(
        gradient, 0.3 - distributions.continuous_bernoulli_mean(LOGITS).float(), atol=1e-4, rtol=1e-3
    )


def test_log_mean_exp_is_stable() -> None:
    values = torch.tensor([[0.0, np.log(3)]], dtype=torch.float64) - 1e4
    torch.testing.assert_close(
        distributions.log_mean_exp(values, 1), torch.tensor([np.log(2) - 1e4], dtype=torch.float64)
    )


def test_a_gaussian_is_that_of_torch() -> None:
    out = torch.randn(3, 5, 4, generator=device.generator(0), dtype=torch.float64)
    q = Gaussian.of(out)
    normal, prior = Normal(out[..., :2], out[..., 2:].exp()), Normal(torch.zeros(2).double(), 1.0)
    z = q.draw(device.generator(1), 20_000)
    assert z.shape == (20_000, 3, 5, 2)
    log_q, log_p = (p.log_prob(z).sum(-1) for p in (normal, prior))
    torch.testing.assert_close(q.log_prob(z), log_q)
    ratio, mean = (q.log_prior_ratio(z, sampled=sampled) for sampled in (True, False))
    torch.testing.assert_close(ratio, log_p - log_q)
    assert mean.shape == ratio.shape
    torch.testing.assert_close(mean[0], -torch.distributions.kl_divergence(normal, prior).sum(-1))
    assert ((ratio.mean(0) - mean[0]).abs() < 4 * ratio.std(0) / math.sqrt(20_000)).all()


@pytest.mark.parametrize(("found", "kept"), [(99.0, 5.0), (-99.0, -10.0), (1.0, 1.0)])
def test_a_gaussians_log_std_is_kept_within_bounds(found: float, kept: float) -> None:
    q = Gaussian.of(torch.tensor([99.0, found]))
    assert (q.mean.item(), q.log_std.item()) == (99.0, kept)
