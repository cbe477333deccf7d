"""The total correlation against closed forms and quadrature, and the objective against that of the VAE."""

from __future__ import annotations

import math

import pytest
import torch

from latentlab import device
from latentlab.data import Splits
from latentlab.distributions import Gaussian
from latentlab.models.vae.tcvae import TCVAE, total_correlation
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise


def test_what_two_dimensions_share_is_one_bit_where_both_say_which_of_two_examples_it_is() -> None:
    mean = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    found = total_correlation(mean, Gaussian(mean, torch.full((2, 2), -6.0)))
    assert found.tolist() == pytest.approx([math.log(2)] * 2)


def test_one_posterior_for_all_examples_has_independent_dimensions() -> None:
    q = Gaussian(torch.tensor([0.3, -1.0, 2.0]).expand(5, 3), torch.tensor([0.1, -0.5, 0.0]).expand(5, 3))
    assert total_correlation(q.draw(device.generator(0)), q).abs().max() < 1e-5


@pytest.mark.slow
def test_its_mean_is_the_divergence_from_the_product_of_the_marginals() -> None:
    """KL(q(z) ‖ q(z_1) q(z_2)) of three Gaussians in the plane, summed over a grid."""
    mean = torch.tensor([[0.0, 1.0], [1.5, -0.5], [-1.0, -1.0]], dtype=torch.float64)
    q = Gaussian(mean, torch.tensor([[-0.7, 0.0], [0.2, -1.0], [0.0, 0.0]], dtype=torch.float64))
    n, step = 20_000, 0.02
    draws = q.draw(device.generator(2), n)  # (n, 3, 2): one of each posterior, so each weighs a third
    values = torch.stack([total_correlation(z, q).mean() for z in draws])
    axis = torch.arange(-8, 8, step, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)[:, :, None]
    density = torch.distributions.Normal(q.mean, q.log_std.exp()).log_prob(grid).sum(-1).exp().mean(-1)
    first, second = density.sum(1, keepdim=True) * step, density.sum(0, keepdim=True) * step
    exact = (density * (density.clamp(min=1e-300) / (first * second)).log()).sum() * step**2
    assert exact > 0.05
    assert values.mean().item() == pytest.approx(exact.item(), abs=4 * values.std().item() / math.sqrt(n))


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("progress", [0.3, 1.0])
def test_it_is_the_vae_and_gamma_times_the_total_correlation(digits: Splits, samples: int, progress: float) -> None:
    plain = VAE(VAE.Config(z_dim=3, hidden=16, samples=samples, beta=2.0), digits.train.spec)
    model = TCVAE(TCVAE.Config(z_dim=3, hidden=16, samples=samples, beta=2.0, gamma=4.0), digits.train.spec)
    initialise(plain, device.generator(0))
    model.load_state_dict(plain.state_dict())
    batch = digits.train[:20].batch()
    (loss,) = model.losses(batch, device.generator(1), progress)
    (expected,) = plain.losses(batch, device.generator(1), progress)
    correlation = loss.terms["total correlation"]
    assert correlation.abs().max() > 1e-3
    torch.testing.assert_close(loss.value, expected.value + 4 * progress * correlation)
    for name, term in expected.terms.items():
        assert torch.equal(loss.terms[name], term)
