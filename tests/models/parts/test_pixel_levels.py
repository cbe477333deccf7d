"""The distribution over levels of gray against differences of the logistic distribution function, and its own sum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import logistic

from latentlab import device
from latentlab.models.parts.pixel_levels import Bits, Logistics


@pytest.mark.parametrize("n", [2, 17, 256])
@pytest.mark.parametrize("scale", [0.5, 4.0, 40.0])
def test_the_levels_add_up_to_one_however_extreme_the_outputs(n: int, scale: float) -> None:
    out = scale * torch.randn(20, 9, 3, 2, generator=device.generator(0), dtype=torch.float64)
    log_p = Logistics(n, 3).log_levels(out)
    assert log_p.shape == (20, 1, 3, 2, n)
    assert not log_p.isnan().any()
    torch.testing.assert_close(log_p.logsumexp(-1), torch.zeros(20, 1, 3, 2, dtype=torch.float64), rtol=0, atol=1e-12)
    assert Logistics(n, 3).log_levels(out.float()).exp().sum(-1).sub(1).abs().max() < 1e-5


def test_a_level_is_a_difference_of_the_distribution_function() -> None:
    n, rng = 5, np.random.default_rng(0)
    weight, mean, log_scale = rng.normal(size=(3, 2))
    edges = np.array([-np.inf, -0.75, -0.25, 0.25, 0.75, np.inf])
    shares = np.exp(weight - logsumexp(weight))
    expected = sum(
        share * np.diff(logistic.cdf(edges, m, np.exp(s))) for share, m, s in zip(shares, mean, log_scale, strict=True)
    )
    out = torch.tensor(np.concatenate([weight, mean, log_scale])).reshape(1, 6, 1, 1)
    np.testing.assert_allclose(Logistics(n, 2).log_levels(out).exp().flatten(), expected, rtol=1e-10)


def test_a_levels_own_probability_is_its_entry_among_all() -> None:
    levels, rng = Logistics(17, 3), device.generator(0)
    out = torch.randn(4, 9, 3, 2, generator=rng)
    x = levels.observed(torch.rand(4, 1, 3, 2, generator=rng))
    index = (x * 16).round().long()[..., None]
    torch.testing.assert_close(levels.log_prob(x, out), levels.log_levels(out).gather(-1, index).squeeze(-1))


@pytest.mark.parametrize("levels", [Bits(), Logistics(6, 2)])
def test_draws_are_as_frequent_as_they_are_probable(levels: Bits | Logistics) -> None:
    n, rng = 50_000, device.generator(0)
    out = torch.randn(1, levels.outputs, generator=rng)
    drawn = levels.draw(out.expand(n, -1), torch.rand(n, generator=rng))
    expected = n * levels.log_levels(out[..., None, None]).exp().flatten()
    counts = torch.bincount((drawn * (levels.n - 1)).round().long(), minlength=levels.n)
    assert float(((counts - expected).square() / expected).sum()) < 20.5  # the 99.9th percentile, 5 degrees of freedom


def test_gradients_are_finite_where_a_logistic_is_a_spike_or_far_away() -> None:
    out = torch.tensor([[0.0, 0, 0.3, 50.0, -30.0, 20.0]]).reshape(1, 6, 1, 1).requires_grad_()
    for x in (0.0, 0.5, 1.0):
        (gradient,) = torch.autograd.grad(Logistics(3, 2).log_prob(torch.full((1, 1, 1, 1), x), out).sum(), out)
        assert gradient.isfinite().all()


def test_pixels_are_rounded_to_the_nearest_level() -> None:
    x = torch.tensor([0.0, 0.1, 0.13, 0.5, 0.9, 1.0]).reshape(1, 1, 2, 3)
    assert Logistics(5, 1).observed(x).flatten().tolist() == [0, 0, 0.25, 0.5, 1.0, 1.0]
    assert Bits().observed(x).flatten().tolist() == [0, 0, 0, 1, 1, 1]
