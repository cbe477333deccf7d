"""Priors against torch.distributions, and the moments of their draws."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal, OneHotCategorical
from torch.distributions import Uniform as TorchUniform

from latentlab import device
from latentlab.models.parts.priors import Independent, OneHot, StandardNormal, Uniform, category_of, prior_of

Z = torch.tensor([[0.3, -0.9], [2.0, 0.0], [-1.0, 1.0]])


def test_the_normal_is_that_of_pytorch() -> None:
    torch.testing.assert_close(StandardNormal(2).log_prob(Z), Normal(0, 1).log_prob(Z).sum(1))


def test_the_uniform_is_that_of_pytorch_and_nothing_outside() -> None:
    inside = torch.tensor([[0.3, -0.9], [0.0, 0.99]])
    torch.testing.assert_close(Uniform(2).log_prob(inside), TorchUniform(-1.0, 1.0).log_prob(inside).sum(1))
    assert Uniform(2).log_prob(torch.tensor([[0.0, 1.01]])).item() == -math.inf


def test_a_category_is_that_of_pytorch_and_nothing_between() -> None:
    z = torch.eye(3)
    torch.testing.assert_close(OneHot(3).log_prob(z), OneHotCategorical(probs=torch.ones(3) / 3).log_prob(z))
    between = torch.tensor([[0.5, 0.5, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert OneHot(3).log_prob(between).tolist() == [-math.inf] * 3


def test_parts_side_by_side_add_up() -> None:
    parts = (OneHot(3), Uniform(2), StandardNormal(4))
    joint = Independent(parts)
    z = joint.sample(500, device.generator(0))
    assert z.shape == (500, joint.dim)
    pieces = z.split([3, 2, 4], 1)
    expected = parts[0].log_prob(pieces[0]) + parts[1].log_prob(pieces[1]) + parts[2].log_prob(pieces[2])
    torch.testing.assert_close(joint.log_prob(z), expected)


@pytest.mark.parametrize(
    ("prior", "mean", "variance"), [(StandardNormal(3), 0, 1), (Uniform(3), 0, 1 / 3), (OneHot(3), 1 / 3, 2 / 9)]
)
def test_draws_have_the_moments_and_come_from_the_generator(
    prior: StandardNormal | Uniform | OneHot, mean: float, variance: float
) -> None:
    z = prior.sample(40_000, device.generator(1))
    assert z.mean(0).tolist() == pytest.approx([mean] * 3, abs=0.02)
    assert z.var(0).tolist() == pytest.approx([variance] * 3, abs=0.02)
    assert torch.equal(z, prior.sample(40_000, device.generator(1)))
    assert not torch.equal(z, prior.sample(40_000, device.generator(2)))


@pytest.mark.parametrize(("name", "reach"), [("normal", math.inf), ("uniform", 1.0)])
def test_a_knob_names_a_prior(name: str, reach: float) -> None:
    z = prior_of(name, 2).sample(1_000, device.generator(0))
    assert (float(z.abs().max()) <= 1) == (reach == 1)


def test_a_category_is_found_where_it_lies() -> None:
    assert category_of(Independent((Uniform(2), OneHot(3), OneHot(5)))) == slice(2, 5)
    assert category_of(Independent((Uniform(2), StandardNormal(1)))) is None
    assert category_of(StandardNormal(3)) is None
