import math

import pytest
import torch
from torch import nn

from latentlab import device
from latentlab.nn import conv_decoder, conv_encoder, dropout, initialise, mlp


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8), (3, 33, 18)])
def test_conv_networks_keep_any_image_size(shape: tuple[int, ...]) -> None:
    x = torch.zeros(2, *shape)
    assert conv_encoder(shape, 4, 6)(x).shape == (2, 6)
    assert conv_decoder(3, 4, shape)(torch.zeros(2, 3)).shape == x.shape


def test_conv_networks_refuse_what_is_no_image() -> None:
    with pytest.raises(ValueError, match="at least 8×8 pixels"):
        conv_encoder((2,), 4, 6)


def test_initialise_is_pytorchs_distribution_from_its_own_generator() -> None:
    one, two = mlp([300, 200, 10]), mlp([300, 200, 10])
    before = torch.get_rng_state()
    initialise(one, device.generator(3))
    initialise(two, device.generator(3))
    assert torch.equal(before, torch.get_rng_state())
    first, second = one[0], two[0]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    assert torch.equal(first.weight, second.weight)
    bound = 1 / math.sqrt(300)
    assert 0.99 * bound < first.weight.abs().max() <= bound
    assert abs(first.weight.std() - bound / math.sqrt(3)) < 0.01 * bound


def test_dropout_keeps_the_mean() -> None:
    h = dropout(torch.ones(200_000), 0.3, device.generator(0))
    assert abs((h == 0).float().mean() - 0.3) < 0.005
    assert abs(h.mean() - 1) < 0.01
