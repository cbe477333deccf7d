"""Exact steps against Bayes' rule by quadrature, and the law and the correlations that closed forms give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.sampling.exact_steps import angle_chains, plane_chains, posterior, ring, turning
from latentlab.data import DENSITIES

MIXTURE = DENSITIES["mixture"]


def test_the_posterior_is_bayes_by_quadrature() -> None:
    noisy, sigma = torch.tensor([0.3, -0.4]), 0.7
    found = posterior(MIXTURE, noisy, sigma)
    side = torch.linspace(-5, 5, 301, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    joint = MIXTURE.log_prob(grid) - (grid - noisy).square().sum(1) / (2 * sigma**2)
    expected = joint.softmax(0) / (side[1] - side[0]) ** 2
    np.testing.assert_allclose(found.log_prob(grid).exp(), expected, atol=1e-8 * float(expected.max()))
    assert found.log_weights.exp().sum() == pytest.approx(1)
    drawn = MIXTURE.draw_clean(noisy.double().expand(20_000, 2), sigma, device.generator(0))
    np.testing.assert_allclose(drawn.mean(0), found.log_weights.exp() @ found.means, atol=0.03)


def test_a_chain_in_the_plane_keeps_the_law() -> None:
    chains = plane_chains(MIXTURE, 0.5, 2_000, 20, device.generator(0))[-1]
    drawn = MIXTURE.sample(200_000, device.generator(1)).numpy()
    np.testing.assert_allclose(chains.mean(0), drawn.mean(0), atol=0.12)
    np.testing.assert_allclose(chains.var(0), drawn.var(0), rtol=0.1)


@pytest.mark.parametrize("tau", [0.1, 0.5, 1.2])
def test_noise_of_the_angle_leaves_exp_of_minus_its_square(tau: float) -> None:
    found = angle_chains(1.0, 0.05, tau, 2_000, 20, 0)
    assert turning(found.angles) == pytest.approx(np.exp(-(tau**2)), abs=0.01)
    np.testing.assert_allclose((found.angles - found.noisy).std(), tau, rtol=0.02)
    lengths = np.linalg.norm(found.places, axis=-1)
    assert lengths.mean() == pytest.approx(1, abs=0.001)
    assert lengths.std() == pytest.approx(0.05, rel=0.02)
    assert abs(np.exp(1j * found.angles[-1]).mean()) < 0.06  # uniform around the circle


def test_noise_in_the_plane_turns_as_far_and_leaves_a_posterior_on_both_sides() -> None:
    density = ring(1.0, 0.05)
    chains = plane_chains(density, 0.2, 500, 10, device.generator(0))
    turned = turning(np.arctan2(chains[..., 1], chains[..., 0]))
    assert turned == pytest.approx(np.exp(-(0.2**2)), abs=0.01)
    found = posterior(density, torch.zeros(2), 0.8)
    left = float(found.log_weights.exp()[found.means[:, 0] < 0].sum())
    assert left == pytest.approx(0.5, abs=0.01)
