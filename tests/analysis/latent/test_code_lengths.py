"""Code lengths against a model of coins whose probabilities are written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.code_lengths import bits, code_length
from latentlab.data import Kind, Spec
from latentlab.models import MODELS, AutoregressiveGivenCode, Layered, LogLikelihood
from latentlab.nn.initialise import initialise

X = torch.tensor([[[[1.0, 0.0]]], [[[1.0, 1.0]]]])


def coins(x: Tensor, z: Tensor | None) -> Tensor:
    """The first value is 1 with probability ½; the second is as the first with probability ½, or as the code says."""
    second = torch.full((len(x),), 0.5) if z is None else z[:, 0]
    p = torch.stack([torch.full((len(x),), 0.5), second], 1).reshape(x.shape)
    return torch.where(x > 0.5, p, 1 - p).log()


def test_lengths_are_those_of_the_coins() -> None:
    z = torch.tensor([[[0.25], [0.25]], [[0.75], [0.75]]])  # two draws for each
    found = code_length(coins, X, z, torch.tensor([2.0, 3.0]))
    mean = -0.5 * (math.log(0.25) + math.log(0.75))
    np.testing.assert_allclose(found.values.reshape(2, 2), [[math.log(2), mean], [math.log(2), mean]], rtol=1e-6)
    np.testing.assert_allclose(found.total, [2 + math.log(2) + mean, 3 + math.log(2) + mean], rtol=1e-6)
    np.testing.assert_allclose(found.picture, 0.5)  # a mean of probabilities, not of their logarithms
    one = code_length(coins, X, z[:1], torch.tensor([2.0, 3.0]))
    np.testing.assert_allclose(one.picture.reshape(2, 2), [[0.5, 0.25]] * 2)


def test_without_a_code_nothing_is_sent_for_it() -> None:
    found = code_length(coins, X)
    np.testing.assert_allclose(found.code, 0)
    np.testing.assert_allclose([bits(float(nats)) for nats in found.total], 2)


@pytest.mark.slow
def test_with_both_a_model_takes_as_many_nats_as_its_bound_says() -> None:
    model = MODELS["fame"](
        MODELS["fame"].Config(width=4, z_dim=3, z2_dim=2, z3_dim=0), Spec((1, 6, 6), 2, Kind.IMAGE)
    ).eval()
    initialise(model, device.generator(0))
    assert isinstance(model, AutoregressiveGivenCode)
    assert isinstance(model, Layered)
    assert isinstance(model, LogLikelihood)
    rng, n = device.generator(1), 400
    x = (torch.rand(3, 1, 6, 6, generator=rng) < 0.4).float()
    with torch.no_grad():
        z = torch.stack([model.infer(x, rng)["z1"].draw(rng) for _ in range(n)])
        kl = torch.stack([torch.cat(list(model.unit_kl(x, rng).values()), 1).sum(1) for _ in range(n)]).mean(0)
        elbo = torch.stack([model.log_prob(x, 1, rng) for _ in range(n)]).mean(0)
    found = code_length(model.log_conditionals_given, x, z, kl)
    np.testing.assert_allclose(found.total, -elbo.numpy(), atol=0.15)
    assert found.code.min() > 0.3
    alone = code_length(lambda x, z: model.log_conditionals_given(x, z, False), x, z, kl)
    assert abs(alone.total - found.total).min() > 1e-3


def test_bits_are_nats_in_another_unit() -> None:
    assert bits(math.log(2)) == pytest.approx(1)
