"""Oracles of the AVAE of several layers: the AVAE, a hierarchy with a known likelihood, and terms written out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from latentlab import device
from latentlab.models import Trains
from latentlab.models.vae.avae import AVAE
from latentlab.models.vae.deep_avae import DeepAVAE
from tests.models.semi_supervised.test_conditional import batch, close, gaussian, model_of, x_of

S = 0.6  # of x about its mean


def deep(**config: Any) -> DeepAVAE:
    given: dict[str, Any] = {"likelihood": "real-gaussian", "a_dim": 3} | config
    model = model_of("deep_avae", (4,), **given)
    assert isinstance(model, DeepAVAE)
    return model


def step_of(model: Trains, progress: float) -> tuple[dict[str, Tensor], list[Tensor | None]]:
    """The terms and the value, and the gradient of every parameter."""
    (loss,) = model.losses(batch(x_of(6), 0), device.generator(3), progress)
    loss.value.mean().backward()
    return {**loss.terms, "value": loss.value}, [parameter.grad for parameter in model.parameters()]


@pytest.mark.parametrize("samples", [1, 5])
def test_with_one_layer_it_is_the_avae_to_the_bit(samples: int) -> None:
    plain = model_of("avae", (4,), likelihood="real-gaussian", a_dim=3, samples=samples)
    assert isinstance(plain, AVAE)
    model = deep(depth=1, samples=samples)
    (found, slopes), (expected, expected_slopes) = step_of(model, 0.4), step_of(plain, 0.4)
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    for one, other in zip(slopes, expected_slopes, strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)
    x = x_of(6)
    assert torch.equal(model.log_prob(x, 7, device.generator(1)), plain.log_prob(x, 7, device.generator(1)))
    assert torch.equal(model.sample(5, device.generator(1)), plain.sample(5, device.generator(1)))
    assert torch.equal(model.encode(x), plain.encode(x))


def test_without_x_it_is_one_whose_auxiliary_prior_has_no_weights_for_x() -> None:
    model, blind = deep(depth=1), deep(depth=1, a_sees_x=False)
    others = dict(model.named_parameters())
    with torch.no_grad():
        others["p_a.0.inputs.0.weight"].zero_()
        for name, parameter in blind.named_parameters():
            if name == "p_a.0.inputs.0.weight":
                parameter.copy_(others["p_a.0.inputs.1.weight"])
            else:
                parameter.copy_(others[name])
    close(blind.log_weights(x_of(6), 4, device.generator(1)), model.log_weights(x_of(6), 4, device.generator(1)))


def test_many_weights_find_the_likelihood_of_a_linear_hierarchy() -> None:
    """z2 ~ N(0, I), z1 = B z2 + 0.5 eps, x = W z1 + s eps: a Gaussian; q is any, but wide."""
    model, rng = deep(depth=2, z_dim=2, a_sees_x=False, hidden=16), device.generator(5)
    w, b = 0.7 * torch.randn(4, 2, generator=rng), 0.6 * torch.randn(2, 1, generator=rng)
    gaussian(model.p_x, [w], torch.zeros(4), torch.full((4,), S))
    networks: Any = model
    gaussian(networks.p_z[0], [b], torch.zeros(2), torch.full((2,), 0.5))
    with torch.no_grad():
        for net in networks.q_z:
            net.layers[-1].bias[net.layers[-1].out_features // 2 :] += 0.3
        for parameter in [*networks.q_a.parameters(), *networks.p_a.parameters()]:
            parameter.mul_(0.5)  # so that no weight is far above the others
    covariance = w @ (b @ b.T + 0.25 * torch.eye(2)) @ w.T + S**2 * torch.eye(4)
    x = torch.linspace(-0.6, 0.6, 12).reshape(3, 4)
    truth = torch.distributions.MultivariateNormal(torch.zeros(4), covariance).log_prob(x)
    with torch.no_grad():
        relative = model.log_weights(x, 200_000, device.generator(0)) - truth
    assert relative.mean(0).max() < -0.05
    found, error = relative.exp().mean(0), relative.exp().std(0) / math.sqrt(len(relative))
    assert error.max() < 0.1
    assert ((found - 1).abs() < 4 * error).all()


def test_the_log_ratio_is_the_sum_of_all_factors() -> None:
    """Every factor by torch.distributions, for the draws that the model makes."""
    model, x = deep(depth=3, z_dim=8, samples=2), x_of(6)
    log_p_x, log_ratio = model._draw_weights(x, 2, device.generator(4))
    drawn = model._infer(x, device.generator(4), 2)
    a, z = [layer.a for layer in drawn], [layer.z for layer in drawn]
    assert [one.shape[-1] for one in z] == [8, 4, 2]

    def log_prob(net: Any, value: Tensor, *given: Tensor) -> Tensor:
        mean, log_std = net(*given).chunk(2, -1)
        found: Tensor = Normal(mean, log_std.clamp(-10, 5).exp()).log_prob(value).sum(-1)
        return found

    log_q = log_prob(model.q_a[0], a[0], x) + log_prob(model.q_z[0], z[0], x, a[0])
    log_p = Normal(0.0, 1.0).log_prob(z[2]).sum(-1)
    for i in (1, 2):
        log_q = log_q + log_prob(model.q_a[i], a[i], x, a[i - 1]) + log_prob(model.q_z[i], z[i], z[i - 1], a[i])
        log_p = log_p + log_prob(model.p_z[i - 1], z[i - 1], z[i])
    for i in range(3):
        log_p = log_p + log_prob(model.p_a[i], a[i], x, *z[i:])
    close(log_ratio, log_p - log_q)
    close(log_p_x, model.likelihood.log_prob(x, model.p_x(z[0])).sum(-1))


def test_what_the_units_carry_adds_up_to_the_layers_share_of_the_kl() -> None:
    model, x = deep(depth=2, z_dim=6), x_of(6)
    drawn = model._infer(x, device.generator(4))
    found = model.unit_kl(x, device.generator(4))
    (p,) = model._expected(drawn)
    close(found["z1"].sum(-1), drawn[0].q_z.log_prob(drawn[0].z) - p.log_prob(drawn[0].z))
    mean, log_std = drawn[1].q_z
    closed = torch.distributions.kl_divergence(Normal(mean, log_std.exp()), Normal(0.0, 1.0))
    close(found["z2"], closed)


def test_one_draw_has_the_same_mean_whether_the_top_is_in_closed_form_or_not() -> None:
    model, x = deep(depth=2, z_dim=4), x_of(1).expand(20_000, 4)
    (loss,) = model.losses(batch(x, 0), device.generator(1))
    by_draws = model.log_weights(x, 1, device.generator(2))[0]
    apart = (loss.terms["bound"] - by_draws).detach()
    assert abs(apart.mean().item()) < 4 * apart.std().item() / math.sqrt(len(x))
