"""The networks of an adversarial game: their sides, what they are of, and the knob of Adam's first mean."""

from __future__ import annotations

import pytest
import torch

from latentlab import device
from latentlab.data import Kind, Spec
from latentlab.models.adversarial.gan import GAN
from latentlab.models.parts.players import Networks, generator_of, reader_of
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig
from latentlab.training.state import TrainState
from tests.conftest import naming


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 14), (2, 8, 11)])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_convolutions_make_and_read_images_of_any_sides(shape: tuple[int, int, int], batch_norm: bool) -> None:
    config, spec = Networks(network="conv", width=4, batch_norm=batch_norm), Spec(shape, 2, Kind.IMAGE)
    generator, reader = generator_of(config, spec, 5), reader_of(config, spec, 3)
    for network in (generator, reader):
        initialise(network, device.generator(0))
    x = generator(torch.randn(6, 5, generator=device.generator(1)))
    assert x.shape == (6, *shape)
    assert float(x.detach().min()) >= 0
    assert float(x.detach().max()) <= 1
    assert reader(x.flatten(1)).shape == (6, 3)
    slopes = torch.autograd.grad(reader(x.flatten(1)).sum(), [*generator.parameters()])
    assert all(bool(slope.isfinite().all()) for slope in slopes)


def test_a_convolution_answers_a_shift_by_a_shift() -> None:
    config, spec = Networks(network="conv", width=4), Spec((1, 16, 16), 2, Kind.IMAGE)
    reader = reader_of(config, spec, 1)
    initialise(reader, device.generator(0))
    for name, parameter in reader.named_parameters():
        if name.endswith("bias"):  # which a border of zeros would show
            torch.nn.init.zeros_(parameter)
    x = torch.zeros(1, 1, 16, 16)
    x[..., 6:9, 4:7] = 1
    features = [reader[:5](image.flatten(1)) for image in (x, x.roll(4, 3))]
    torch.testing.assert_close(features[0][..., :, :3], features[1][..., :, 1:])


def test_convolutions_of_a_vector_are_refused() -> None:
    for build in (generator_of, reader_of):
        with pytest.raises(ValueError, match=naming((7,))):
            build(Networks(network="conv"), Spec((7,), 1, Kind.VECTOR), 2)


def test_both_players_take_their_steps_with_the_knob() -> None:
    model = GAN(GAN.Config(beta1=0.25), Spec((2,), 1, Kind.PLANE))
    state = TrainState(model, TrainConfig())
    for player in ("discriminator", "generator"):
        assert state.optimizer(player).param_groups[0]["betas"][0] == 0.25
    assert GAN.Config().beta1 == 0.5
