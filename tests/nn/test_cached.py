"""Networks run pixel by pixel against the same networks on whole images, and what they see of an image."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Kind, Spec
from latentlab.models import MODELS, Autoregressive, OneByOne
from latentlab.models.autoregressive.pixelcnn import PixelCNN
from latentlab.models.autoregressive.pixelcnn_classes import ClassPixelCNN
from latentlab.models.parts.pixel_by_pixel import PixelByPixel
from latentlab.nn.cached import Head
from latentlab.nn.initialise import initialise

KINDS = [
    pytest.param(network, likelihood, id=f"{network}-{likelihood}")
    for network in ("masked", "gated")
    for likelihood in ("bernoulli", "logistic")
]
SHAPES = [(5, 7), (7, 3), (1, 4), (2, 1)]


def ready(model: PixelByPixel, scale: float = 2.0) -> PixelByPixel:
    """Larger weights: what a pixel sees hardly shows where the outputs are all alike."""
    initialise(model, device.generator(1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.eval()


def build(network: str, likelihood: str, shape: tuple[int, int], blocks: int = 2) -> PixelByPixel:
    config = PixelCNN.Config(channels=6, blocks=blocks, network=network, likelihood=likelihood, levels=5, components=2)
    return ready(PixelCNN(config, Spec((1, *shape), 2, Kind.IMAGE)))


def of_classes(likelihood: str = "logistic", shape: tuple[int, int] = (4, 5)) -> ClassPixelCNN:
    config = ClassPixelCNN.Config(channels=6, blocks=2, likelihood=likelihood, levels=5, components=2)
    model = ready(ClassPixelCNN(config, Spec((1, *shape), 3, Kind.IMAGE)))
    assert isinstance(model, ClassPixelCNN)
    return model


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("network", "likelihood"), KINDS)
@torch.no_grad()
def test_the_outputs_pixel_by_pixel_are_those_of_the_whole_image(
    network: str, likelihood: str, shape: tuple[int, int]
) -> None:
    model = build(network, likelihood, shape).double()
    x = torch.rand(3, 1, *shape, generator=device.generator(0), dtype=torch.float64)
    torch.testing.assert_close(pixel_by_pixel(model, x), model.outputs(x), rtol=0, atol=1e-12)


@torch.no_grad()
def test_so_they_are_given_a_class() -> None:
    model = of_classes().double()
    x, y = torch.rand(3, 1, 4, 5, generator=device.generator(0), dtype=torch.float64), torch.eye(3).double()
    assert float((model.outputs(x, y)[0] - model.outputs(x[:1], y[1:2])[0]).abs().max()) > 0.01
    torch.testing.assert_close(pixel_by_pixel(model, x, y), model.outputs(x, y), rtol=0, atol=1e-12)


def pixel_by_pixel(model: PixelByPixel, x: Tensor, y: Tensor | None = None) -> Tensor:
    """The outputs at each pixel, found before it is given."""
    network, head, out = model.cached(len(x), y), Head(model.out), []
    for row in x.unbind(2):
        network.next_row()
        for column, pixel in enumerate(row.unbind(2)):
            out.append(head(network.features(column)))
            network.put(column, pixel)
    found: Tensor = torch.stack(out, -1).unflatten(2, x.shape[2:])
    return found


@pytest.mark.parametrize(("network", "likelihood"), KINDS)
def test_draws_are_those_of_a_pass_for_every_pixel(network: str, likelihood: str) -> None:
    model, rng = build(network, likelihood, (6, 7)), device.generator(3)
    naive = torch.zeros(64, 1, 6, 7)
    for i in range(42):
        naive = model.sample_step(naive, i, rng)
    assert torch.equal(model.sample(64, device.generator(3)), naive)
    assert len(naive.unique()) == len(model.values)


def test_draws_given_a_class_are_those_of_a_pass_for_every_pixel() -> None:
    model, rng = of_classes(), device.generator(3)
    y = model.one_hot(torch.full((20,), 1), torch.zeros(1))
    naive = torch.zeros(20, 20)
    for i in range(20):
        out = model.outputs(naive.reshape(20, 1, 4, 5), y).detach().flatten(2)[..., i]
        naive[:, i] = model.levels.draw(out, torch.rand(20, generator=rng))
    drawn = model.given(1).complete(
        torch.zeros(20, 1, 4, 5), torch.ones(1, 4, 5, dtype=torch.bool), device.generator(3)
    )
    assert torch.equal(drawn.x.flatten(1), naive)


@pytest.mark.parametrize("name", [name for name, kind in MODELS.items() if issubclass(kind, PixelByPixel)])
def test_what_is_drawn_into_a_hole_leaves_the_rest_and_weighs_what_follows_it(name: str) -> None:
    model = of_classes() if name == "pixelcnn-classes" else build("gated", "logistic", (4, 5))
    x = model.levels.observed(torch.rand(6, 1, 4, 5, generator=device.generator(0)))
    hidden = torch.zeros(1, 4, 5, dtype=torch.bool)
    hidden[0, 1, 2:4] = True
    found = model.complete(x, hidden, device.generator(1))
    assert torch.equal(found.x[:, ~hidden], x[:, ~hidden])
    assert not torch.equal(found.x, x)
    ways: list[OneByOne] = [model.given(y) for y in range(3)] if isinstance(model, ClassPixelCNN) else [model]
    weights = torch.stack([way.log_conditionals(found.x).detach().flatten(1)[:, 9:].sum(1) for way in ways])
    assert bool(((weights - found.log_weight).abs() < 1e-4).any(0).all())  # of the class that was drawn
    below = torch.zeros(1, 4, 5, dtype=torch.bool)
    below[0, 2:] = True
    assert model.complete(x, below, device.generator(1)).log_weight.tolist() == [0] * 6
    assert torch.equal(model.complete(x, torch.zeros_like(below), device.generator(1)).x, x)


def test_draws_can_be_learned_from() -> None:
    model = build("masked", "bernoulli", (3, 4))
    model.log_conditionals(model.sample(2, device.generator(0))).sum().backward()  # they are ordinary tensors
    assert model.first.weight.grad is not None


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("shape", [(6, 6), (5, 9)])
def test_two_stacks_see_all_earlier_pixels_within_reach_and_no_others(blocks: int, shape: tuple[int, int]) -> None:
    model = build("gated", "bernoulli", shape, blocks).double()
    jacobian = _jacobian(model, shape)
    reached = torch.zeros_like(jacobian, dtype=torch.bool)
    for i in range(len(jacobian)):
        for j in range(i):
            rows, columns = i // shape[1] - j // shape[1], j % shape[1] - i % shape[1]
            far = max(abs(columns), rows) <= 2 + blocks
            reached[i, j] = far and (rows > 0 or columns < 0)
    assert torch.equal(jacobian != 0, reached)


def test_one_stack_has_a_blind_spot() -> None:
    jacobian = _jacobian(build("masked", "bernoulli", (5, 9), 2).double(), (5, 9))
    assert torch.equal(jacobian.triu(), torch.zeros(45, 45, dtype=torch.float64))
    at, unseen = 2 * 9 + 4, 1 * 9 + 8  # one row above, four columns to the right: within the range of the layers
    assert jacobian[at, unseen] == 0
    assert jacobian[at, 1 * 9 + 0] != 0


def _jacobian(model: Autoregressive, shape: tuple[int, int]) -> Tensor:
    """(H W, H W): of each pixel's logit by each pixel."""
    assert isinstance(model, PixelByPixel)
    x = torch.rand(1, 1, *shape, generator=device.generator(0), dtype=torch.float64)
    found: Tensor = torch.autograd.functional.jacobian(model.outputs, x)
    return found.reshape(x.numel(), x.numel())
