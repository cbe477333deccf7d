"""Oracles of the potential with two modes: quadrature, published numbers, and rejection sampling."""

from __future__ import annotations

import math

import pytest
import torch

from latentlab import device
from latentlab.data.builtin.two_modes import log_partition, log_prob, potential, two_modes


def square(n: int = 701, edge: float = 6.0) -> tuple[torch.Tensor, float]:
    """Places all over the plane, and the area of each."""
    axis = torch.linspace(-edge, edge, n, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis), float(axis[1] - axis[0]) ** 2


def test_the_partition_function_is_that_of_the_source() -> None:
    assert log_partition() == pytest.approx(1.8775, abs=5e-5)
    z, area = square()
    shares = log_prob(z).exp() * area
    assert shares.sum().item() == pytest.approx(1, abs=1e-6)
    assert shares[z[:, 1] > 1e-9].sum().item() == pytest.approx(0.5, abs=1e-3)  # each mode has half of it
    assert (shares * z.norm(dim=1)).sum().item() == pytest.approx(2.139, abs=1e-3)


def test_it_is_the_formula_of_the_source_at_places_worked_out_by_hand() -> None:
    z = torch.tensor([[0.0, 2.0], [0.0, -2.0], [2.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    far = -0.5 * (4 / 0.6) ** 2
    peak, between = -math.log1p(math.exp(far)), 0.5 * (2 / 0.6) ** 2 - math.log(2)
    expected = torch.tensor([peak, peak, between, between + 12.5], dtype=torch.float64)
    torch.testing.assert_close(potential(z), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_the_mixture_has_the_same_density() -> None:
    z, area = square(201)
    log_p, log_q = log_prob(z), two_modes().log_prob(z)
    p, q = log_p.exp() * area, log_q.exp() * area
    assert 0.5 * (p - q).abs().sum().item() < 2e-5
    where = p > 1e-4 * p.max()
    assert (log_p - log_q)[where].abs().max() < 0.01


def statistics(z: torch.Tensor) -> list[torch.Tensor]:
    return [z.norm(dim=1), z[:, 0], z[:, 1].abs()]


def test_its_draws_are_those_of_rejection_sampling() -> None:
    rng, n = device.generator(0), 400_000
    proposed = 8 * torch.rand(n, 2, generator=rng, dtype=torch.float64) - 4
    accepted = proposed[torch.rand(n, generator=rng, dtype=torch.float64).log() < -potential(proposed) - 1e-9]
    drawn, labels = two_modes().draw(len(accepted), rng)
    for one, other in zip(statistics(accepted), statistics(drawn), strict=True):
        error = math.hypot(one.std().item(), other.std().item()) / math.sqrt(len(accepted))
        assert abs(one.mean().item() - other.mean().item()) < 4 * error
    assert ((drawn[:, 1] < 0).long() == labels).double().mean() > 0.97
