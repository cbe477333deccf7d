"""The networks of an adversarial game: an MLP or convolutions, from a code to an example, and from one to numbers."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from torch import nn

from latentlab.data import Kind, Spec
from latentlab.knobs import knob
from latentlab.models.parts.conv_layers import halved, placed
from latentlab.nn.batch_norm import BatchNorm, ChannelNorm
from latentlab.nn.layers import image_shape

SLOPE = 0.2  # of a leaky ReLU below 0


@dataclass(frozen=True)
class Networks:
    """The knobs of both players' networks."""

    network: str = knob("mlp", choices=("mlp", "conv"), help="both networks; convolutions of images only")
    hidden: int = knob(128, 8, 1024, log=True, help="units in each hidden layer of the MLPs", when=("network", "mlp"))
    layers: int = knob(2, 1, 6, help="hidden layers of the MLPs", when=("network", "mlp"))
    width: int = knob(32, 4, 256, log=True, help="channels at half the image's side", when=("network", "conv"))
    batch_norm: bool = knob(True, help="normalise batches in the generator's hidden layers; of images only")


def generator_of(config: Networks, spec: Spec, n_in: int) -> nn.Sequential:
    """(B, n_in) -> (B, *shape) or (B, values of an example): of images in [0, 1], and as Goodfellow et al. an MLP.

    Raises:
        ValueError: convolutions of what is no image with sides of at least 8 pixels.
    """
    if config.network == "conv":
        return _conv_generator(config, image_shape(spec.shape), n_in)
    is_image = spec.kind is Kind.IMAGE
    sizes = [n_in, *[config.hidden] * config.layers, math.prod(spec.shape)]
    network = leaky_mlp(sizes, is_image and config.batch_norm)
    return network.append(nn.Sigmoid()) if is_image else network


def reader_of(config: Networks, spec: Spec, n_out: int) -> nn.Sequential:
    """(B, values of an example) -> (B, n_out).

    Raises:
        ValueError: as `generator_of`.
    """
    if config.network == "conv":
        return _conv_reader(config, image_shape(spec.shape), n_out)
    return leaky_mlp([math.prod(spec.shape), *[config.hidden] * config.layers, n_out])


def leaky_mlp(sizes: list[int], batch_norm: bool = False) -> nn.Sequential:
    """Linear layers of these sizes with leaky ReLU between them: (B, sizes[0]) -> (B, sizes[-1])."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(n_in, n_out), *([BatchNorm(n_out)] if batch_norm else []), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def _conv_generator(config: Networks, shape: tuple[int, int, int], n_in: int) -> nn.Sequential:
    """A code at each of a quarter of the places, and two transposed convolutions (Radford et al. 2016)."""
    channels, *whole = shape
    half = halved((whole[0], whole[1]))
    quarter = halved(half)
    return nn.Sequential(
        placed(n_in, 2 * config.width, quarter, config.batch_norm),
        _twice(2 * config.width, config.width, half),
        *([ChannelNorm(config.width)] if config.batch_norm else []), nn.LeakyReLU(SLOPE),
        _twice(config.width, channels, (whole[0], whole[1])), nn.Sigmoid(),
    )  # fmt: skip


def _conv_reader(config: Networks, shape: tuple[int, int, int], n_out: int) -> nn.Sequential:
    """The mirror image of the generator's, without batch normalisation."""
    height, width = halved(halved((shape[1], shape[2])))
    return nn.Sequential(
        nn.Unflatten(1, shape),
        nn.Conv2d(shape[0], config.width, 5, stride=2, padding=2), nn.LeakyReLU(SLOPE),
        nn.Conv2d(config.width, 2 * config.width, 5, stride=2, padding=2), nn.LeakyReLU(SLOPE),
        nn.Flatten(), nn.Linear(2 * config.width * height * width, n_out),
    )  # fmt: skip


def _twice(n_in: int, n_out: int, sides: tuple[int, int]) -> nn.ConvTranspose2d:
    """(B, n_in, ⌈H/2⌉, ⌈W/2⌉) -> (B, n_out, H, W) of these sides."""
    odd = (1 - sides[0] % 2, 1 - sides[1] % 2)
    return nn.ConvTranspose2d(n_in, n_out, 5, stride=2, padding=2, output_padding=odd)
