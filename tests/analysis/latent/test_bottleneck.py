"""What a code carries against closed forms and scipy; each fault is planted, found and named."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.bottleneck import (
    Health,
    bottleneck,
    decoded_bottleneck,
    deterministic_bottleneck,
    health,
    layer_bottleneck,
)
from tests.conftest import mentions, numbers_in


def posterior(n: int = 500, d: int = 4, std: float = 0.6, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Mean and log_std whose aggregate has exactly mean 0, variance 1 and no correlation."""
    raw = torch.randn(n, d, generator=device.generator(seed), dtype=torch.float64)
    white = torch.linalg.qr(raw - raw.mean(0)).Q * n**0.5
    return white * (1 - std**2) ** 0.5, torch.full((n, d), std).log()


# --- what each dimension carries -----------------------------------------------------------------------------------


def test_kl_is_that_of_torch_distributions() -> None:
    rng = device.generator(1)
    mean, log_std = torch.randn(50, 3, generator=rng), torch.randn(50, 3, generator=rng)
    normal = torch.distributions.Normal
    theirs = torch.distributions.kl_divergence(normal(mean, log_std.exp()), normal(0, 1)).mean(0)
    for found in (bottleneck(mean, log_std), health(mean, log_std)):
        np.testing.assert_allclose(found.carries, theirs, rtol=1e-5)
        assert found.unit == "nats"
        assert found.order.tolist() == theirs.argsort(descending=True).tolist()


@pytest.mark.parametrize(("std", "active"), [(0.09, False), (0.11, True)])  # variances 0.0081 and 0.0121
def test_active_means_a_variance_above_one_hundredth(std: float, active: bool) -> None:
    mean = torch.tensor([[-std], [std]]).repeat(500, 1)
    assert bottleneck(mean, torch.zeros_like(mean)).active.tolist() == [active]
    scaled = 7 * torch.cat([mean / std, mean], 1)  # beside a dimension of unit variance, in a unit of its own
    assert deterministic_bottleneck(scaled).active.tolist() == [True, active]


def test_the_spread_of_a_deterministic_code() -> None:
    codes = torch.tensor([3.0, -1.0]) + torch.randn(4_000, 2, generator=device.generator(0)) * torch.tensor([0.5, 2.0])
    found = deterministic_bottleneck(codes)
    np.testing.assert_allclose(found.carries, codes.numpy().var(0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(found.center, codes.numpy().mean(0), rtol=1e-4)
    np.testing.assert_allclose(found.scale**2, found.carries, rtol=1e-5)
    assert (found.unit, found.order.tolist()) == ("variance", [1, 0])


def test_of_an_additive_decoder_a_dimension_carries_its_share_of_the_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentlab.analysis.latent.bottleneck.N_DECODED", 20_000)
    rng = device.generator(3)
    codes = torch.randn(40_000, 4, generator=rng)
    w = torch.tensor([[2.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0]])  # of three values
    found = decoded_bottleneck(codes, lambda z: z @ w.T, [[0], [1], [2], [3]])
    np.testing.assert_allclose(found.carries, [5 / 7, 1 / 7, 1 / 7, 0], atol=0.02)
    assert found.active.tolist() == [True, True, True, False]
    assert found.order[[0, 3]].tolist() == [0, 3]
    np.testing.assert_allclose(found.center, codes.mean(0), atol=1e-5)
    # a product of two: each alone changes all of it, and so do both together
    product = decoded_bottleneck(codes, lambda z: z[:, :1] * z[:, 1:2], [[0], [1], [2, 3]])
    np.testing.assert_allclose(product.carries, [1, 1, 0, 0], atol=0.05)


def test_dimensions_that_are_drawn_together_carry_the_same() -> None:
    categories = torch.eye(3)[torch.randint(3, (4_000,), generator=device.generator(4))]
    codes = torch.cat([categories, 0.1 * torch.randn(4_000, 2, generator=device.generator(5))], 1)
    w = torch.tensor([[0.0], [1.0], [5.0], [1.0], [3.0]])
    found = decoded_bottleneck(codes, lambda z: z @ w, [[0, 1, 2], [3], [4]])
    np.testing.assert_allclose(found.carries[:3], 1, atol=0.15)
    assert found.order.tolist() == [4, 3, 0, 1, 2]  # first those that can be moved alone


# --- the aggregate posterior ---------------------------------------------------------------------------------------


def test_moments_are_those_of_the_mixture() -> None:
    # q(z) = ½ N(0, 1²) + ½ N(4, 2²): mean 2, variance ½ (1 + 4) + 4
    found = health(torch.tensor([[0.0], [4.0]]), torch.tensor([[1.0], [2.0]]).log())
    np.testing.assert_allclose(found.mean, [2])
    np.testing.assert_allclose(found.std, [6.5**0.5], rtol=1e-6)
    assert found.n_examples == 2
    assert found.strongest_pair is None


def test_moments_and_quantiles_are_what_sampling_estimates() -> None:
    rng = device.generator(2)
    mean = torch.randn(40, 3, generator=rng) @ torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.5, 0.0], [0.0, -0.3, 2.0]])
    log_std = torch.randn(40, 3, generator=rng) * 0.5 - 0.5
    n = 25_000  # of each component: a million in all
    z = (mean + log_std.exp() * torch.randn(n, 40, 3, generator=rng)).reshape(-1, 3).numpy()
    found = health(mean, log_std)
    np.testing.assert_allclose(found.mean, z.mean(0), atol=0.01)  # about five standard errors
    np.testing.assert_allclose(found.std, z.std(0), rtol=0.005)
    np.testing.assert_allclose(found.correlation, np.corrcoef(z.T), atol=0.005)
    inner = slice(10, -10)  # probabilities from 2 to 98 %
    theirs = np.quantile(z, scipy.stats.norm.cdf(found.normal), axis=0).T
    np.testing.assert_allclose(found.quantiles[:, inner], theirs[:, inner], atol=0.03)


def test_the_exact_prior_is_on_the_diagonal_of_the_qq_plot() -> None:
    found = health(torch.zeros(5, 2), torch.zeros(5, 2))
    np.testing.assert_allclose(found.quantiles, np.stack([found.normal] * 2), atol=1e-6)
    assert (found.normal[0], found.normal[-1]) == (-3, 3)


@pytest.mark.parametrize("std", [1e-4, 1e-2, 0.3, 3.0])
@pytest.mark.parametrize("n", [2, 3, 100])
def test_quantiles_are_the_roots_that_scipy_finds(std: float, n: int) -> None:
    rng = device.generator(n)
    mean = 2 * torch.rand(n, 1, generator=rng, dtype=torch.float64) ** 3
    stds = std * (0.5 + torch.rand(n, 1, generator=rng, dtype=torch.float64))
    found = health(mean, stds.log())
    parts = scipy.stats.norm(mean.numpy().ravel(), stds.numpy().ravel())
    for normal, quantile in list(zip(found.normal.astype(float), found.quantiles[0], strict=True))[::7]:
        p = scipy.stats.norm.cdf(normal)
        root = scipy.optimize.brentq(lambda t, p=p: parts.cdf(t).mean() - p, -40, 40, xtol=1e-12)
        assert quantile == pytest.approx(root, abs=2e-6, rel=2e-6)


# --- the sentence --------------------------------------------------------------------------------------------------


def test_nothing_is_wrong_where_nothing_is() -> None:
    found = health(*posterior())
    assert sound(found)
    assert numbers_in(found.summary) == [4]
    assert numbers_in(found.diagnosis) == [4, 0, 0, 1, 1, 0, 0]  # in use; means within of; std from to; correlations
    assert numbers_in(health(*posterior(d=1)).diagnosis) == [1, 0, 0, 1, 1]  # one dimension has no correlation


def test_without_any_correlation_the_pair_is_still_a_pair() -> None:
    mean = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    found = health(mean, torch.full_like(mean, -3))
    assert found.strongest_pair == (0, 1, 0)
    assert sound(found)


def blamed(found: Health) -> list[str]:
    """The dimensions that the diagnosis names."""
    return re.findall(r"\bz\d+\b", found.diagnosis)


def sound(found: Health) -> bool:
    """Whether the diagnosis blames neither a dimension nor the number of those in use."""
    return bool(found.active.all()) and not blamed(found)


def planted(change: Tensor, std: float = 0.6) -> Health:
    """A sound posterior of 500 examples and 4 dimensions with its means passed through (4, 4) or shifted by (4,)."""
    mean, log_std = posterior(std=std)
    return health(mean @ change.double() if change.dim() == 2 else mean + change, log_std)


def pair(found: Health) -> tuple[object, object]:
    assert found.strongest_pair is not None
    return found.strongest_pair[:2], found.strongest_pair[2]


def test_a_planted_dead_dimension_is_found() -> None:
    mean, log_std = posterior()
    mean[:, 2], log_std[:, 2] = 0.01 * mean[:, 2], 0
    found = health(mean, log_std)
    assert found.active.tolist() == [True, True, False, True]
    assert found.order[-1] == 2
    assert found.carries[2] == pytest.approx(0, abs=1e-3)
    assert found.diagnosis == found.summary
    assert numbers_in(found.summary) == [1, 4]
    mean[:, 0], log_std[:, 0] = 0, 0
    assert numbers_in(health(mean, log_std).diagnosis) == [2, 4]


def test_a_planted_shift_is_named() -> None:
    assert sound(planted(torch.tensor([0.0, 0.45, 0.0, 0.0])))
    found = planted(torch.tensor([0.0, 0.6, 0.0, -0.9]))
    assert blamed(found) == ["z4"]
    assert mentions(found.diagnosis, 500, "-0.90", "1.00", 0, 1)  # examples; mean and std, instead of the prior's


@pytest.mark.parametrize(
    ("factor", "std", "named"), [(1.6, 1.42, False), (2.0, 1.71, True), (0.7, 0.82, False), (0.2, 0.62, True)]
)
def test_a_planted_width_is_named(factor: float, std: float, named: bool) -> None:
    found = planted(torch.diag(torch.tensor([1, 1, factor, 1])))
    assert found.std[2] == pytest.approx((factor**2 * 0.64 + 0.36) ** 0.5, abs=1e-4)
    assert found.std[2] == pytest.approx(std, abs=0.01)
    assert blamed(found) == (["z3"] if named else [])
    assert not named or mentions(found.diagnosis, 500, f"{found.mean[2]:.2f}", f"{found.std[2]:.2f}")


@pytest.mark.parametrize(("r", "named"), [(0.45, False), (0.8, True), (-0.8, True)])
def test_a_planted_correlation_is_named(r: float, named: bool) -> None:
    mix = torch.eye(4)
    mix[0, 3], mix[3, 3] = r, (1 - r**2) ** 0.5
    found = planted(mix, std=0.1)
    assert pair(found) == ((0, 3), pytest.approx(0.99 * r, abs=1e-4))
    assert blamed(found) == (["z1", "z4"] if named else [])
    assert not named or mentions(found.diagnosis, f"{0.99 * r:.2f}")


def test_the_noise_of_the_posterior_dilutes_a_correlation() -> None:
    mix = torch.eye(4)
    mix[0, 3], mix[3, 3] = 0.8, 0.6
    assert pair(planted(mix, std=0.8)) == ((0, 3), pytest.approx(0.8 * 0.36, abs=1e-4))


def test_the_worst_comes_first() -> None:
    mean, log_std = posterior(std=0.1)
    mean[:, 3] = mean[:, 0]
    assert blamed(health(mean, log_std)) == ["z1", "z4"]
    mean[:, 1] += 3
    assert blamed(health(mean, log_std)) == ["z2"]
    mean[:, 2] = 0
    assert numbers_in(health(mean, log_std).diagnosis) == [1, 4]


def test_few_examples_are_not_blamed_for_their_noise() -> None:
    shift = torch.tensor([0.7, 0.0])
    for n, expected in ((20, []), (2_000, ["z1"])):
        mean, log_std = posterior(n, 2)
        assert blamed(health(mean + shift, log_std)) == expected


def test_sampling_noise_alone_raises_no_alarm() -> None:
    for seed, n in ((0, 12), (1, 30), (2, 100), (3, 500)):
        mean = torch.randn(n, 20, generator=device.generator(seed))
        assert sound(health(mean, torch.full_like(mean, 0.1).log()))


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="examples"):
        health(torch.zeros(1, 3), torch.zeros(1, 3))
    broken = torch.zeros(4, 3)
    broken[1, 1] = torch.nan
    for mean, log_std in ((broken, torch.zeros(4, 3)), (torch.zeros(4, 3), broken)):
        with pytest.raises(ValueError, match="numbers"):
            health(mean, log_std)


def test_a_layer_is_active_where_it_carries_something_not_where_its_mean_varies() -> None:
    found = layer_bottleneck(torch.tensor([[0.4, -0.002, 0.02], [0.2, 0.001, 0.01]]))
    np.testing.assert_allclose(found.carries, [0.3, 0, 0.015], atol=1e-6)
    assert found.active.tolist() == [True, False, True]
    assert found.order.tolist() == [0, 2, 1]
    assert found.unit == "nats"
