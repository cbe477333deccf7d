"""Oracles of the AVAE: with a posterior whose noise comes from the auxiliary variable, every draw weighs log p(x)."""

from __future__ import annotations

import math

import torch

from latentlab import device
from latentlab.models import Loss
from latentlab.models.vae.avae import AVAE
from tests.models.semi_supervised.test_conditional import affine, batch, close, gaussian, model_of, x_of


def exact(shift: float = 0.0, samples: int = 4) -> tuple[AVAE, torch.Tensor]:
    """x = W z + s eps, with z = mean(x) + std (0.8 a + 0.6 eps) under q; and the covariance of x."""
    model, s = model_of("avae", (4,), likelihood="real-gaussian", hidden=16, a_dim=2, samples=samples), 0.6
    assert isinstance(model, AVAE)
    w = torch.linalg.qr(torch.randn(4, 2, generator=device.generator(3)))[0] * torch.tensor([1.5, 0.4])
    std = (1 + w.square().sum(0) / s**2).rsqrt()
    to_z, back = (w * std**2 / s**2).T, torch.diag(0.8 / std)
    gaussian(model.q_a, [torch.zeros(2, 4)], torch.zeros(2), torch.ones(2))
    gaussian(model.q_z, [to_z, torch.diag(0.8 * std)], shift * std, 0.6 * std)
    gaussian(model.p_a, [-back @ to_z, back], torch.zeros(2), torch.full((2,), 0.6))
    gaussian(model.p_x, [w], torch.zeros(4), torch.full((4,), s))
    return model, w @ w.T + s**2 * torch.eye(4)


def log_p(x: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    value: torch.Tensor = torch.distributions.MultivariateNormal(torch.zeros(4), covariance).log_prob(x)
    return value


def loss_of(model: AVAE, x: torch.Tensor, progress: float = 1.0) -> Loss:
    (loss,) = model.losses(batch(x, 0), device.generator(0), progress)
    return loss


def test_with_the_exact_posterior_every_draw_weighs_as_much_as_the_example() -> None:
    (model, covariance), x = exact(), x_of(7)
    close(model.log_weights(x, 5, device.generator(0)), log_p(x, covariance).expand(5, 7))
    close(loss_of(model, x).terms["bound"], log_p(x, covariance))
    close(model.log_prob(x, 1, device.generator(1)), log_p(x, covariance))


def test_an_uninformed_auxiliary_prior_costs_its_information() -> None:
    (model, covariance), x = exact(samples=1), x_of(1).expand(40_000, 4)
    affine(model.p_a, [torch.zeros(4, 4), torch.zeros(4, 2)], torch.zeros(4))  # N(0, I): what q(a) is
    values = loss_of(model, x).terms["bound"].detach()
    mean, error = values.mean().item(), values.std().item() / math.sqrt(len(values))
    mutual = -2 * math.log(0.6)  # of a and z, nats: two dimensions with correlation 0.8
    assert abs(mean - (log_p(x[:1], covariance).item() - mutual)) < 4 * error


def test_no_bound_exceeds_the_likelihood_and_more_draws_come_closer() -> None:
    (model, covariance), x = exact(shift=0.7), x_of(1).expand(5_000, 4)
    target = log_p(x[:1], covariance).item()
    bounds = [model.log_prob(x, n, device.generator(n)) for n in (1, 8)]
    means = [bound.mean().item() for bound in bounds]
    errors = [bound.std().item() / math.sqrt(len(x)) for bound in bounds]
    assert means[0] + 5 * errors[0] < means[1] < target - 5 * errors[1]
    assert abs(model.log_prob(x[:20], 2_000, device.generator(0)).mean().item() - target) < 0.05


def test_a_warm_up_weighs_the_latent_variables_only() -> None:
    model, _ = exact(shift=0.7, samples=1)
    x = x_of(6)
    whole, half = loss_of(model, x), loss_of(model, x, 0.5)
    close(half.value, whole.value - 0.5 * whole.terms["kl"])
    assert torch.equal(half.terms["bound"], whole.terms["bound"])
