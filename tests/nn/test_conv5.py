"""The networks of Burhanpurkar (2020): their numbers of parameters as Keras prints them, and their normalisation."""

import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.nn.batch_norm import BatchNorm, ChannelNorm, statistics_kept
from latentlab.nn.conv5 import Conv5, conv5_decoder, conv5_encoder

SHAPE = (1, 28, 28)


@pytest.mark.parametrize(
    ("config", "z_dim", "expected"),
    [
        (Conv5(), 14, (255_000, 222_993)),
        (Conv5(16, 16, "3"), 2, (257_920, 67_569)),
        (Conv5(64, 128), 14, (2_214_664, 2_321_537)),  # of her code 1,911,553: one layer is connected to nothing
    ],
)
def test_they_have_the_parameters_of_the_source(config: Conv5, z_dim: int, expected: tuple[int, int]) -> None:
    encoder, decoder = conv5_encoder(config, SHAPE, 2 * z_dim), conv5_decoder(config, z_dim, SHAPE)
    assert tuple(sum(p.numel() for p in network.parameters()) for network in (encoder, decoder)) == expected


def test_her_own_count_lacks_a_layer_and_its_normalisation() -> None:
    second, kernel = 128, 5
    unconnected = second * second * kernel**2 + second + 2 * second
    assert 2_321_537 - unconnected == 1_911_553


@pytest.mark.parametrize("kernel", ["3", "5"])
def test_they_keep_any_image_size(kernel: str) -> None:
    shape, config = (3, 9, 13), Conv5(2, 4, kernel)
    assert conv5_encoder(config, shape, 6)(torch.zeros(2, *shape)).shape == (2, 6)
    assert conv5_decoder(config, 3, shape)(torch.zeros(2, 3)).shape == (2, *shape)


def test_the_normalisation_of_channels_is_torchs_own() -> None:
    mine, theirs = ChannelNorm(3), nn.BatchNorm2d(3)
    for seed in range(3):
        h = images(seed)
        torch.testing.assert_close(mine(h), theirs(h))
    torch.testing.assert_close(mine.eval()(h), theirs.eval()(h))


@pytest.mark.parametrize("norm", [BatchNorm, ChannelNorm])
def test_statistics_can_be_kept(norm: type[BatchNorm]) -> None:
    layer = norm(3)
    h = images(0) if norm is ChannelNorm else images(0).flatten(2)[:, :, 0]
    expected = layer(h)
    before = {name: value.clone() for name, value in layer.named_buffers()}
    with statistics_kept(layer):
        torch.testing.assert_close(layer(h), expected)
    for name, value in layer.named_buffers():
        assert torch.equal(value, before[name])


def images(seed: int) -> Tensor:
    return 2 * torch.randn(5, 3, 4, 4, generator=device.generator(seed)) + 1
