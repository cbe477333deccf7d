"""Oracles of the VAE with a planar flow: the plain VAE, and integrals over all codes of two dimensions."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.data import Kind
from latentlab.distributions import normal_log_prob, standard_normal_log_prob
from latentlab.models import HasPosterior, InfersLatents, Loss, Spec, Trains
from latentlab.models.vae.planar_vae import PlanarVAE
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.nn.planar import through
from tests.conftest import noise_images

SPEC = Spec((1, 4, 4), 3, Kind.IMAGE)
SMALL: dict[str, Any] = {"z_dim": 2, "hidden": 16, "layers": 1}


def planar(sharpness: float = 1.0, **config: Any) -> PlanarVAE:
    """A small one in eval mode; the sharper, the further its posterior is from a Gaussian."""
    model = PlanarVAE(PlanarVAE.Config(**(SMALL | config)), SPEC)
    initialise(model, device.generator(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(sharpness)
    return model.eval()


def plain(**config: Any) -> VAE:
    model = VAE(VAE.Config(**(SMALL | config)), SPEC)
    initialise(model, device.generator(0))
    return model.eval()


def step_of(model: Trains, progress: float) -> tuple[Loss, dict[str, Tensor]]:
    """The loss, and the gradient of every parameter."""
    (loss,) = model.losses(noise_images(6, SPEC.shape).batch(), device.generator(3), progress)
    loss.value.mean().backward()
    return loss, {name: value.grad for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("config", [{}, {"samples": 5}, {"likelihood": "gray-bernoulli", "beta": 3.0}])
def test_with_no_step_it_is_the_vae_to_the_bit(config: dict[str, Any]) -> None:
    with_flow, without = planar(flow_steps=0, **config), plain(**config)
    (loss, slopes), (expected, expected_slopes) = (step_of(model, 0.4) for model in (with_flow, without))
    assert torch.equal(loss.value, expected.value)
    assert all(torch.equal(loss.terms[name], term) for name, term in expected.terms.items())
    assert slopes.keys() == expected_slopes.keys()
    assert all(torch.equal(slopes[name], slope) for name, slope in expected_slopes.items())
    x = noise_images(6, SPEC.shape).batch().x
    assert torch.equal(with_flow.encode(x), without.encode(x))
    assert torch.equal(with_flow.log_prob(x, 7, device.generator(1)), without.log_prob(x, 7, device.generator(1)))


def test_its_posterior_is_not_offered_as_a_gaussian() -> None:
    assert issubclass(VAE, HasPosterior)
    assert not issubclass(PlanarVAE, HasPosterior | InfersLatents)


def test_the_weight_of_a_draw_is_its_definition() -> None:
    """log q(z|x) by the Jacobian that autograd finds of all maps together."""
    model, x = planar(3.0, flow_steps=4, likelihood="gray-bernoulli"), noise_images(3, SPEC.shape).batch().x
    q_0, steps = model._inferred(x)
    z_0 = q_0.draw(device.generator(5), 2)
    found = model.log_weights(x, 2, device.generator(5))
    for k in range(2):
        for i in range(3):
            jacobian = torch.autograd.functional.jacobian(lambda z, i=i: through(steps[i], z)[0], z_0[k, i])
            log_q = normal_log_prob(z_0[k, i], q_0.mean[i], q_0.log_std[i]).sum() - jacobian.det().abs().log()
            z = through(steps[i], z_0[k, i])[0]
            expected = model.log_likelihood(x[i : i + 1], z[None])[0] + standard_normal_log_prob(z).sum() - log_q
            torch.testing.assert_close(found[k, i], expected, rtol=1e-4, atol=1e-4)


def exact_log_prob(model: PlanarVAE, x: Tensor) -> Tensor:
    """(B,) nats: log ∫ p(x|z) p(z) dz over a fine grid of the plane."""
    axis = torch.linspace(-6, 6, 241)
    z = torch.cartesian_prod(axis, axis)
    log_p_z = standard_normal_log_prob(z).sum(1) + 2 * math.log(axis[1] - axis[0])
    each = [model.log_likelihood(one.expand(len(z), *one.shape), z) for one in x]
    return (torch.stack(each) + log_p_z).logsumexp(1)


def test_many_weights_find_the_likelihood_and_one_falls_short_of_it() -> None:
    model, x = planar(2.0, flow_steps=6, likelihood="gray-bernoulli"), noise_images(4, SPEC.shape).batch().x
    last = [layer for layer in model.encoder.modules() if isinstance(layer, nn.Linear)][-1]
    with torch.no_grad():
        last.bias[2:4] += 1.0  # a wide q(z|x), so that no weight is far above the others
        truth = exact_log_prob(model, x)
        relative = model.log_weights(x, 40_000, device.generator(0)) - truth
    assert relative.mean(0).max() < -0.01  # the ELBO's gap: KL(q ‖ p(z|x))
    found, error = relative.exp().mean(0), relative.exp().std(0) / 200
    assert error.max() < 0.1
    assert ((found - 1).abs() < 4 * error).all()


def test_the_terms_are_those_of_the_draws() -> None:
    model = planar(3.0, flow_steps=6)
    loss, _ = step_of(model, 0.4)
    torch.testing.assert_close(loss.terms["bound"], -loss.terms["reconstruction"] - loss.terms["kl"])
    torch.testing.assert_close(loss.value, loss.terms["reconstruction"] + 0.4 * loss.terms["kl"])


def test_a_code_lies_where_the_flow_takes_the_middle_of_its_draws() -> None:
    model, x = planar(3.0, flow_steps=6), noise_images(4, SPEC.shape).batch().x
    q_0, steps = model._inferred(x)
    assert not torch.allclose(model.encode(x), q_0.mean, atol=0.1)
    torch.testing.assert_close(model.encode(x), through(steps, q_0.mean)[0])
