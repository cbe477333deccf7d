"""Oracles of the families of posteriors: closed forms, exact auxiliary posteriors, and restarts that don't touch."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Kind, Spec
from latentlab.data.builtin.two_modes import log_partition, potential
from latentlab.distributions import normal_log_prob
from latentlab.models.variational import LEAST, AuxiliaryFamily, Family, FlowFamily
from latentlab.nn.initialise import initialise

PLANE, LINE = Spec((2,), 1, Kind.PLANE), Spec((1,), 1, Kind.VECTOR)
FAR = 30.0  # a bias that keeps a rectifier on, so that a network is affine


def log_f(z: Tensor) -> Tensor:
    return -potential(z)


def flow(n_steps: int, restarts: int = 3, seed: int = 0) -> FlowFamily:
    family = FlowFamily(FlowFamily.Config(n_steps, restarts), PLANE, log_f)
    initialise(family, device.generator(seed))
    return family


def batch(n: int) -> Batch:
    return Batch(torch.zeros(n, 2), torch.zeros(n).long(), torch.ones(n))


def test_the_bound_of_a_gaussian_is_its_integral_over_the_plane() -> None:
    """E_q[-U] by quadrature, and the entropy in closed form."""
    family = flow(0)
    with torch.no_grad():
        family.log_std.copy_(torch.tensor([[[-0.5, 0.2]], [[0.0, 0.0]], [[0.3, -1.0]]]))
        found = family.log_weights(200_000, device.generator(1))
    axis = torch.linspace(-9, 9, 1_201)
    z, area = torch.cartesian_prod(axis, axis), float(axis[1] - axis[0]) ** 2
    for mean, log_std, log_w in zip(family.mean, family.log_std, found, strict=True):
        q = normal_log_prob(z, mean, log_std).sum(1).exp().detach()
        entropy = log_std.sum().item() + 1 + math.log(2 * math.pi)
        expected = (q * log_f(z)).double().sum().item() * area + entropy
        assert abs(log_w.mean().item() - expected) < 4 * log_w.std().item() / math.sqrt(len(log_w))


@pytest.mark.parametrize("n_steps", [0, 8])
def test_weights_average_to_the_partition_function(n_steps: int) -> None:
    family = flow(n_steps, restarts=2)
    with torch.no_grad():
        family.mean.zero_()
        family.log_std.fill_(1.0)  # wide: no weight is far above the others
        family.steps.mul_(0.5)
        ratio = (family.log_weights(400_000, device.generator(1)) - log_partition()).exp()
    error = ratio.std(1) / math.sqrt(ratio.shape[1])
    assert error.max() < 0.05
    assert ((ratio.mean(1) - 1).abs() < 4 * error).all()


def affine(networks: Any, slope: float, std: float) -> None:
    """Make networks of one hidden layer the Gaussian N(slope h, std²)."""
    with torch.no_grad():
        for parameter in networks.parameters():
            parameter.zero_()
        networks.hidden[0].weight[:, 0, 0] = 1
        networks.hidden[0].bias[:, 0, 0] = FAR
        networks.mean.weight[:, 0, 0] = slope
        networks.mean.bias[:, 0, 0] = -FAR * slope
        networks.log_std.bias.fill_(math.log(std))


def exact_auxiliary(informed: bool = True) -> AuxiliaryFamily:
    """q(a) = N(0, 1), q(z|a) = N(1.5 a, 0.5²), so q(z) = N(0, 2.5), which is the target; log Z = 0.7."""

    def log_density(z: Tensor) -> Tensor:
        return normal_log_prob(z[..., 0], torch.tensor(0.0), torch.tensor(0.5 * math.log(2.5))) + 0.7

    family = AuxiliaryFamily(AuxiliaryFamily.Config(1, 2, 1, restarts=2), LINE, log_density)
    affine(family.q_z, 1.5, 0.5)
    affine(family.p_a, 0.6 if informed else 0.0, math.sqrt(0.1) if informed else 1.0)  # p(a|z), or q(a)
    return family


def test_with_the_exact_auxiliary_posterior_every_draw_weighs_the_partition_function() -> None:
    log_w = exact_auxiliary().log_weights(1_000, device.generator(0)).detach()
    torch.testing.assert_close(log_w, torch.full_like(log_w, 0.7), atol=1e-3, rtol=0)


def test_an_uninformed_auxiliary_posterior_costs_the_mutual_information() -> None:
    log_w = exact_auxiliary(informed=False).log_weights(200_000, device.generator(0)).detach()
    error = log_w.std(1) / math.sqrt(log_w.shape[1])
    assert ((log_w.mean(1) - (0.7 - math.log(10) / 2)).abs() < 4 * error).all()


@pytest.mark.parametrize("kind", [FlowFamily, AuxiliaryFamily])
def test_restarts_do_not_touch_each_other(kind: type[Any]) -> None:
    family: Family = kind(kind.Config(restarts=3), PLANE, log_f)
    initialise(family, device.generator(0))

    def slopes() -> list[Tensor]:
        family.zero_grad()
        (loss,) = family.losses(batch(50), device.generator(3))
        loss.value.mean().backward()
        return [parameter.grad[0].clone() for parameter in family.parameters() if parameter.grad is not None]

    before = slopes()
    with torch.no_grad():
        for parameter in family.parameters():
            parameter[1:] += 0.3
    after = slopes()
    assert len(before) == len(list(family.parameters()))
    assert all(one.abs().sum() > 0 for one in before)
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other)


def test_a_warm_up_weighs_the_density_and_nothing_else() -> None:
    family = flow(4)
    z, log_q = family.draws(50, device.generator(3))
    for progress, weight in ((1.0, 1.0), (0.4, 0.4), (0.0, LEAST)):
        (loss,) = family.losses(batch(50), device.generator(3), progress)
        torch.testing.assert_close(loss.value, (log_q - weight * log_f(z)).sum(0))
        torch.testing.assert_close(loss.terms["bound"], (log_f(z) - log_q).mean(0))
