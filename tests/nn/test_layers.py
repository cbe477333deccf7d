import math

import pytest
import torch
from torch import nn

from latentlab import device
from latentlab.nn.batch_norm import BatchNorm
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import JointMLP, conv_decoder, conv_encoder, dropout, mlp
from tests.conftest import naming


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8), (3, 33, 18)])
def test_conv_networks_keep_any_image_size(shape: tuple[int, ...]) -> None:
    x = torch.zeros(2, *shape)
    assert conv_encoder(shape, 4, 6)(x).shape == (2, 6)
    assert conv_decoder(3, 4, shape)(torch.zeros(2, 3)).shape == x.shape


def test_conv_networks_refuse_what_is_no_image() -> None:
    with pytest.raises(ValueError, match=naming("8×8", (2,))):
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


def test_a_joint_mlp_is_an_mlp_of_its_inputs_side_by_side() -> None:
    joint, plain = JointMLP([3, 2, 1], [7, 5], 4), mlp([6, 7, 5, 4])
    initialise(joint, device.generator(0))
    first = [layer for layer in joint.inputs if isinstance(layer, nn.Linear)]
    side_by_side = {"weight": torch.cat([layer.weight for layer in first], 1), "bias": first[0].bias}
    plain[0].load_state_dict(side_by_side)
    for mine, theirs in zip([2, 4], [1, 3], strict=True):
        plain[mine].load_state_dict(joint.layers[theirs].state_dict())
    a, b, c = (torch.randn(9, n, generator=device.generator(n)) for n in (3, 2, 1))
    torch.testing.assert_close(joint(a, b, c), plain(torch.cat([a, b, c], 1)))
    each = torch.stack([torch.stack([joint(a, b[[i]].expand(9, 2), c[[i]].expand(9, 1)) for i in range(4)])] * 2)
    torch.testing.assert_close(joint(a, b[:4, None], c[None, :4, None].expand(2, 4, 1, 1)), each)


def test_batch_norm_is_torchs_own() -> None:
    mine, theirs = BatchNorm(4), torch.nn.BatchNorm1d(4)
    with torch.no_grad():
        for parameter in (mine.scale, mine.shift):
            parameter.uniform_(0.5, 2, generator=device.generator(0))
        theirs.weight.copy_(mine.scale)
        theirs.bias.copy_(mine.shift)
    for seed in range(3):
        h = 3 * torch.randn(2, 5, 4, generator=device.generator(seed)) + 1
        torch.testing.assert_close(mine(h), theirs(h.flatten(0, 1)).unflatten(0, (2, 5)))
    torch.testing.assert_close(mine.eval()(h), theirs.eval()(h.flatten(0, 1)).unflatten(0, (2, 5)))
    assert {value.dtype for value in mine.state_dict().values()} == {torch.float32}  # what a store reads
