"""Building blocks of the networks: an encoder and its mirror image, of several kinds, and kinked layers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentlab.knobs import knob
from latentlab.nn.batch_norm import BatchNorm
from latentlab.nn.conv5 import Conv5, conv5_decoder, conv5_encoder
from latentlab.nn.initialise import Drawn
from latentlab.nn.sequences import (
    NAMES,
    OfSequences,
    OverTime,
    conv1d_decoder,
    conv1d_encoder,
    gru_decoder,
    gru_encoder,
)

OF_IMAGES, OF_SEQUENCES = ("conv", "conv5"), NAMES  # networks that take no other data


@dataclass(frozen=True)
class OfSeveralNetworks:
    """The knobs of what may be an MLP, convolutional or recurrent."""

    z_dim: int = knob(2, 1, 256, log=True, help="dimensions of the latent space")
    network: str = knob(
        "mlp",
        choices=("mlp", *OF_IMAGES, *OF_SEQUENCES),
        help="the encoder's and the decoder's network: conv and conv5 of images, conv1d and gru of windows of readings",
    )
    hidden: int = knob(512, 8, 4096, log=True, help="units in each hidden layer of the MLP", when=("network", "mlp"))
    layers: int = knob(2, 1, 6, help="hidden layers of the MLP", when=("network", "mlp"))
    width: int = knob(32, 4, 256, log=True, help="channels of the first convolution", when=("network", "conv"))


@dataclass(frozen=True)
class Autoencoding(OfSequences, Conv5, OfSeveralNetworks):
    """The knobs of an encoder and a decoder around a code."""


@dataclass(frozen=True)
class Kinked:
    """The knobs of a tanh network that is initialised to the range of the data."""

    hidden: int = knob(512, 8, 4096, log=True, help="units in each hidden layer of the MLP")
    init: str = knob(
        "spread",
        choices=("spread", "usual"),
        help="first layer: tanh units whose transitions lie within the range of the data, or fan-in scaling",
    )
    slope: float = knob(9.0, 0.1, 100.0, log=True, help="how steep their transitions are", when=("init", "spread"))
    reach: float = knob(1.0, 0.01, 100.0, log=True, help="the data lie within ± this", when=("init", "spread"))


class Kinks(nn.Linear, Drawn):
    """The first layer of a tanh network whose units have their transitions at points of the box [-reach, reach]^d, not
    all at its middle.

    Rows w ~ N(0, (2 slope / (d reach))²) and b = -w·c with c uniform in the box. With fan-in scaling instead, a field
    that changes over a hundredth of the data's width is out of reach, and there are spurious attractors outside the
    data (Alain 2018, Fig. 3.7).
    """

    def __init__(self, config: Kinked, n_in: int) -> None:
        super().__init__(n_in, config.hidden)
        self.config = config

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:
        """Draw the parameters from `rng`."""
        n_out, n_in = self.weight.shape
        std = 2 * self.config.slope / (n_in * self.config.reach)
        w = std * torch.randn(n_out, n_in, generator=rng)
        c = self.config.reach * (2 * torch.rand(n_out, n_in, generator=rng) - 1)
        self.weight.copy_(w)
        self.bias.copy_(-(w * c).sum(1))


def first_layer(config: Kinked, n_in: int) -> nn.Linear:
    """(B, n_in) -> (B, hidden), before the tanh."""
    return Kinks(config, n_in) if config.init == "spread" else nn.Linear(n_in, config.hidden)


def encoder(config: Autoencoding, shape: tuple[int, ...], out: int) -> nn.Module:
    """(B, *shape) -> (B, out)."""
    if config.network == "conv":
        return conv_encoder(shape, config.width, out)
    if config.network == "conv5":
        return conv5_encoder(config, image_shape(shape), out)
    if config.network == "conv1d":
        return conv1d_encoder(config.filters, shape, out)
    if config.network == "gru":
        return gru_encoder(config.state_dim, shape, out)
    return nn.Sequential(nn.Flatten(), mlp([math.prod(shape), *[config.hidden] * config.layers, out]))


def decoder(config: Autoencoding, shape: tuple[int, ...]) -> nn.Module:
    """(B, z_dim) -> (B, *shape): unbounded; the model puts a likelihood on it."""
    if config.network == "conv":
        return conv_decoder(config.z_dim, config.width, shape)
    if config.network == "conv5":
        return conv5_decoder(config, config.z_dim, image_shape(shape))
    if config.network == "conv1d":
        return conv1d_decoder(config.z_dim, config.filters, shape)
    if config.network == "gru":
        return gru_decoder(config.z_dim, config.state_dim, shape)
    sizes = [config.z_dim, *[config.hidden] * config.layers, math.prod(shape)]
    return nn.Sequential(mlp(sizes), nn.Unflatten(1, shape))


class NormalLinear(nn.Linear, Drawn):
    """A linear layer whose weights start as N(0, std²) and whose biases start at 0."""

    def __init__(self, n_in: int, n_out: int, init: str) -> None:
        """By "he", for rectifiers, std² is 2 / n_in (He et al. 2015); by "xavier" 2 / (n_in + n_out) (Glorot 2010)."""
        super().__init__(n_in, n_out)
        self.std = math.sqrt(2 / (n_in if init == "he" else n_in + n_out))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:
        """Draw the parameters from `rng`."""
        self.weight.copy_(torch.empty(self.weight.shape).normal_(0, self.std, generator=rng))
        self.bias.zero_()


class NormalConv2d(nn.Conv2d, Drawn):
    """A convolution whose weights start as N(0, 2 / (fan-in + fan-out)) and whose biases start at 0 (Glorot 2010)."""

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:
        """Draw the parameters from `rng`."""
        n_out, n_in, *sides = self.weight.shape
        std = math.sqrt(2 / ((n_in + n_out) * math.prod(sides)))
        self.weight.copy_(torch.empty(self.weight.shape).normal_(0, std, generator=rng))
        if self.bias is not None:
            self.bias.zero_()


def mlp(sizes: list[int]) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between them: (B, sizes[0]) -> (B, sizes[-1])."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class JointMLP(nn.Module):
    """An MLP of several inputs at once, (..., n_1), (..., n_2), ... -> (..., n_out), in float32 under autocast too.

    Its first layer adds up one linear map for each input: an MLP of the inputs side by side, but they may broadcast
    against each other, so what x contributes is computed once and not once for each class. Each map is drawn for its
    own number of inputs, so a class of ten has as much effect at the start as an image of 784 pixels. An input that is
    a sequence may have a network of its own in place of the map.
    """

    def __init__(
        self, n_in: Sequence[int | OverTime], hidden: Sequence[int], n_out: int, batch_norm: bool = False
    ) -> None:
        super().__init__()
        self.inputs = nn.ModuleList(
            n.layer(hidden[0]) if isinstance(n, OverTime) else nn.Linear(n, hidden[0], bias=i == 0)
            for i, n in enumerate(n_in)
        )
        layers: list[nn.Module] = []
        for width, following in itertools.pairwise([*hidden, n_out]):
            layers += [BatchNorm(width), nn.ReLU()] if batch_norm else [nn.ReLU()]
            layers += [nn.Linear(width, following)]
        self.layers = nn.Sequential(*layers)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Of inputs whose leading dimensions broadcast."""
        first = [layer(x) for layer, x in zip(self.inputs, inputs, strict=True)]
        out: Tensor = self.layers(sum(first[1:], start=first[0]))
        return out.float()


def _sizes(size: int) -> list[int]:
    """The side of an image before and after each of two halvings: [28, 14, 7]."""
    return [size, size // 2, size // 4]


def conv_encoder(shape: tuple[int, ...], width: int, out: int) -> nn.Sequential:
    """Two stride-2 convolutions and two linear layers: (B, C, H, W) -> (B, out), for sides of at least 8.

    Raises:
        ValueError: the data are not images with sides of at least 8 pixels.
    """
    channels, height, w = image_shape(shape)
    flat = 2 * width * _sizes(height)[2] * _sizes(w)[2]
    return nn.Sequential(
        nn.Conv2d(channels, width, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(flat, 8 * width),
        nn.ReLU(),
        nn.Linear(8 * width, out),
    )


def conv_decoder(n_in: int, width: int, shape: tuple[int, ...]) -> nn.Sequential:
    """The mirror image of `conv_encoder`: (B, n_in) -> (B, C, H, W).

    Raises:
        ValueError: the data are not images with sides of at least 8 pixels.
    """
    channels, height, w = image_shape(shape)
    hs, ws = _sizes(height), _sizes(w)
    return nn.Sequential(
        nn.Linear(n_in, 8 * width),
        nn.ReLU(),
        nn.Linear(8 * width, 2 * width * hs[2] * ws[2]),
        nn.ReLU(),
        nn.Unflatten(1, (2 * width, hs[2], ws[2])),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, output_padding=(hs[1] % 2, ws[1] % 2)),
        nn.ReLU(),
        nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1, output_padding=(hs[0] % 2, ws[0] % 2)),
    )


def dropout(h: Tensor, rate: float, rng: torch.Generator) -> Tensor:
    """Zero each unit with probability `rate` and scale the rest by 1 / (1 - rate), with explicit randomness."""
    keep = torch.empty_like(h).bernoulli_(1 - rate, generator=rng)
    return h * keep / (1 - rate)


def image_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Channels, height and width of what a convolutional network takes.

    Raises:
        ValueError: the data are not images with sides of at least 8 pixels.
    """
    if len(shape) != 3 or min(shape[1:]) < 8:
        raise ValueError(f"A convolutional network needs images of at least 8×8 pixels; these data have shape {shape}.")
    return shape[0], shape[1], shape[2]
