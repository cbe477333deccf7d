"""PixelCNN against the enumeration of all images of a few pixels."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Batch, Kind, Spec
from latentlab.knobs import from_dict
from latentlab.models.autoregressive.pixelcnn import PixelCNN
from latentlab.nn.initialise import initialise
from latentlab.nn.masked import MaskedConv2d


def build(side: int = 3, scale: float = 3.0, blocks: int = 2, network: str = "masked") -> PixelCNN:
    """Weights three times as large: a mask that is wrong hardly shows where all probabilities are near one half."""
    config = PixelCNN.Config(channels=8, blocks=blocks, network=network)
    model = PixelCNN(config, Spec((1, side, side), 2, Kind.IMAGE))
    initialise(model, device.generator(1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.double().eval()


def every_image(side: int) -> Tensor:
    """(2^(side²), 1, side, side)."""
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=side * side)), dtype=torch.float64).reshape(
        -1, 1, side, side
    )


@pytest.mark.parametrize("network", ["masked", "gated"])
@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_the_probabilities_of_all_images_add_up_to_one(blocks: int, network: str) -> None:
    model, x = build(blocks=blocks, network=network), every_image(3)
    log_p = model.log_prob(x, 1, device.generator(0))
    assert float(log_p.std()) > 0.5
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-9)


def test_a_mask_that_sees_its_own_pixel_breaks_the_sum() -> None:
    model = build()
    assert isinstance(model.first, MaskedConv2d)
    model.first.mask[2, 2] = 1
    total = model.log_prob(every_image(3), 1, device.generator(0)).exp().sum().item()
    assert abs(total - 1) > 1e-3


def test_a_pixel_is_moved_by_those_before_it_and_by_no_other() -> None:
    model = build(4)
    x = torch.rand(1, 1, 4, 4, generator=device.generator(0), dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(model.outputs, x).reshape(16, 16)
    assert torch.equal(jacobian.triu(), torch.zeros(16, 16, dtype=torch.float64))
    assert bool((jacobian.abs().sum(1)[1:] > 0).all())  # and the first pixel by none


def test_draws_are_as_frequent_as_they_are_probable() -> None:
    model, n = build(2), 40_000
    probabilities = model.log_prob(every_image(2), 1, device.generator(0)).exp()
    drawn = model.float().sample(n, device.generator(3)).flatten(1)
    codes = (drawn @ torch.tensor([8.0, 4.0, 2.0, 1.0])).long()
    counts = torch.bincount(codes, minlength=16).double()
    chi_squared = ((counts - n * probabilities).square() / (n * probabilities)).sum().item()
    assert chi_squared < 37.7  # the 99.9th percentile of 15 degrees of freedom


def test_a_step_is_the_ancestral_one_and_reads_no_row_below() -> None:
    model = build(4).float()
    x = (torch.rand(50, 1, 4, 4, generator=device.generator(0)) < 0.5).float()
    for i in (0, 5, 6, 15):
        stepped = model.sample_step(x, i, device.generator(i))
        noise = torch.rand(50, generator=device.generator(i))
        expected = (noise < model.outputs(x).detach().flatten(1)[:, i].sigmoid()).float()
        assert torch.equal(stepped.flatten(1)[:, i], expected)


def test_bits_a_pixel_are_nats_in_another_unit() -> None:
    model = build().float()
    x = torch.rand(6, 1, 3, 3, generator=device.generator(0))
    (loss,) = model.losses(batch_of(x), device.generator(1))
    torch.testing.assert_close(loss.terms["per pixel"] * 9 * math.log(2), loss.value)


def batch_of(x: Tensor) -> Batch:
    return Batch(x, torch.zeros(len(x), dtype=torch.int64), torch.ones(len(x)))


@pytest.mark.parametrize(("sees_itself", "n"), [(False, 12), (True, 13)])
def test_a_mask_is_what_was_read_so_far(sees_itself: bool, n: int) -> None:
    layer = MaskedConv2d(1, 1, 5, sees_itself)
    assert int(layer.mask.sum()) == n
    assert layer.mask.flatten()[:n].tolist() == [1] * n
    assert "mask" not in layer.state_dict()


def test_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="one channel"):
        PixelCNN(PixelCNN.Config(), Spec((3, 8, 8), 2, Kind.IMAGE))


OLD = {
    "first": (8, 1, 5, 5), "blocks.0.layers.1": (4, 8, 1, 1), "blocks.0.layers.3": (4, 4, 3, 3),
    "blocks.0.layers.5": (8, 4, 1, 1), "out.1": (8, 8, 1, 1), "out.3": (1, 8, 1, 1),
}  # fmt: skip


def test_runs_of_before_there_were_gates_and_levels_load() -> None:
    config = from_dict(PixelCNN.Config, {"channels": 8, "blocks": 1})
    model = PixelCNN(config, Spec((1, 5, 5), 2, Kind.IMAGE))
    parameters = {f"{name}.{part}" for name in OLD for part in ("weight", "bias")}
    assert {name: tuple(value.shape) for name, value in model.state_dict().items() if "weight" in name} == {
        f"{name}.weight": shape for name, shape in OLD.items()
    }
    assert set(model.state_dict()) == parameters


def test_the_probabilities_of_all_gray_images_add_up_to_one() -> None:
    config = PixelCNN.Config(channels=8, blocks=1, network="gated", likelihood="logistic", levels=3, components=2)
    model = PixelCNN(config, Spec((1, 2, 3), 2, Kind.IMAGE))
    initialise(model, device.generator(1))
    levels = itertools.product((0.0, 0.5, 1.0), repeat=6)
    log_p = model.log_prob(torch.tensor(list(levels)).reshape(-1, 1, 2, 3), 1, device.generator(0))
    assert float(log_p.std()) > 0.1
    assert log_p.double().exp().sum().item() == pytest.approx(1, abs=1e-5)
