"""PixelCNN: the probability of an image as a product over its pixels, each given those before it.

van den Oord, Kalchbrenner & Kavukcuoglu, Pixel Recurrent Neural Networks (2016): masked convolutions see the rows above
a pixel and what lies left of it, so one pass gives all conditionals, and their product is exact:

    log p(x) = Σ_i log p(x_i | x_1 … x_(i-1))          in the order of reading; sampling takes a pass for each pixel

Pixels are 0 or 1: gray levels are drawn anew as such at every look (dynamic binarisation), as by other likelihoods.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Kind, Spec
from latentlab.distributions import bernoulli_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Autoregressive, LogLikelihood, Samples
from latentlab.models.base import Headline, Loss, Trains
from latentlab.nn.masked import MaskedConv2d

CHUNK = 500  # examples at once


class PixelCNN(Trains, Samples, LogLikelihood, Autoregressive):
    """Residual blocks of masked convolutions; an exact likelihood and no code."""

    name = "pixelcnn"
    title = "PixelCNN"
    kinds = frozenset({Kind.IMAGE})
    units: ClassVar[dict[str, str]] = {"log-likelihood": "nats", "per pixel": "bits"}
    headline = Headline("log-likelihood", higher_is_better=True)
    exact = True

    @dataclass(frozen=True)
    class Config:
        """The knobs of a PixelCNN."""

        channels: int = knob(32, 4, 256, log=True, help="channels of the hidden layers")
        blocks: int = knob(3, 0, 12, help="residual blocks; with none of them a pixel sees a 5 x 5 window only")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if len(spec.shape) != 3 or spec.shape[0] != 1:
            raise ValueError("A PixelCNN of bits needs images with one channel.")
        self.config, self.spec = config, spec
        self.first = MaskedConv2d(1, config.channels, 5, sees_itself=False)
        self.blocks = nn.ModuleList(Residual(config.channels) for _ in range(config.blocks))
        self.out = nn.Sequential(
            nn.ReLU(), nn.Conv2d(config.channels, config.channels, 1), nn.ReLU(), nn.Conv2d(config.channels, 1, 1)
        )

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield -log p(x) of freshly drawn bits; the terms are log p(x) and bits a pixel."""
        log_p = self.log_conditionals(_bits(batch.x, rng)).flatten(1).sum(1)
        n_pixels = math.prod(self.spec.shape)
        yield Loss(-log_p, {"log-likelihood": log_p, "per pixel": -log_p / (n_pixels * math.log(2))})

    def logits(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): log odds of each pixel given those before it."""
        h = self.first(x)
        for block in self.blocks:
            h = block(h)
        out: Tensor = self.out(h)
        return out.to(x.dtype)

    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) of bits -> (B, *shape) nats."""
        return bernoulli_log_prob(x, self.logits(x))

    @torch.no_grad()
    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:  # noqa: ARG002 it is exact
        """(B, *shape) -> (B,) nats: log p of bits drawn from the gray levels, exactly, whatever n is."""
        bits = _bits(x, rng)
        return torch.cat([self.log_conditionals(part).flatten(1).sum(1) for part in bits.split(CHUNK)])

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): draws, pixel by pixel."""
        x = torch.zeros(n, *self.spec.shape, device=rng.device)
        for i in range(math.prod(self.spec.shape)):
            x = self.sample_step(x, i, rng)
        return x

    @torch.no_grad()
    def sample_step(self, x: Tensor, i: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): x with its pixel i drawn given those before it; no row below it is read."""
        row = i // self.spec.shape[2]
        logit = self.logits(x[:, :, : row + 1]).flatten(1)[:, i]
        drawn = torch.rand(len(x), generator=rng, device=x.device) < logit.sigmoid()
        flat = x.flatten(1).clone()
        flat[:, i] = drawn.to(x.dtype)
        return flat.reshape(x.shape)


class Residual(nn.Module):
    """Half the channels, a masked convolution, and back, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = max(1, width // 2)
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, half, 1),
            nn.ReLU(),
            MaskedConv2d(half, half, 3, sees_itself=True),
            nn.ReLU(),
            nn.Conv2d(half, width, 1),
        )

    def forward(self, h: Tensor) -> Tensor:
        """(B, width, H, W) -> (B, width, H, W)."""
        out: Tensor = h + self.layers(h)
        return out


def _bits(x: Tensor, rng: torch.Generator) -> Tensor:
    """A fresh draw x ~ Bernoulli(gray level)."""
    return (torch.rand(x.shape, generator=rng, device=x.device) < x).to(x.dtype)
