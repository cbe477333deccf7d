"""A network of masked convolutions that gives the distribution of each pixel from those before it."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentlab.data import Kind, Spec
from latentlab.models.abilities import LogLikelihood, Samples
from latentlab.models.base import Headline, Trains
from latentlab.models.one_by_one import Autoregressive, Completed
from latentlab.models.parts.pixel_levels import PixelLevels
from latentlab.nn.cached import Cached, CachedGated, CachedMasked, Head
from latentlab.nn.masked import GatedLayer, MaskedConv2d, Residual

CHUNK = 500  # examples at once
DRAWN = 256  # images that are drawn at once
KERNEL = 5  # side of the first window; that of the others is 3


class PixelByPixel(Trains, Samples, LogLikelihood, Autoregressive):
    """A first layer, blocks, and two 1 x 1 convolutions; an exact likelihood and no code."""

    kinds = frozenset({Kind.IMAGE})
    units: ClassVar[dict[str, str]] = {"log-likelihood": "nats", "per pixel": "bits"}
    headline = Headline("log-likelihood", higher_is_better=True)
    exact = True

    first: MaskedConv2d | GatedLayer
    blocks: nn.ModuleList
    out: nn.Sequential

    def __init__(self, spec: Spec, levels: PixelLevels) -> None:
        super().__init__()
        if len(spec.shape) != 3 or spec.shape[0] != 1:
            raise ValueError("A PixelCNN needs images with one channel.")
        self.spec, self.levels = spec, levels

    def build(self, network: str, channels: int, blocks: int, n_classes: int = 0) -> None:
        """Make the layers: "masked" or "gated", the latter also given a class."""
        if network == "masked":
            self.first = MaskedConv2d(1, channels, KERNEL, sees_itself=False)
            self.blocks = nn.ModuleList(Residual(channels) for _ in range(blocks))
        else:
            self.first = GatedLayer(1, channels, KERNEL, n_classes, first=True)
            self.blocks = nn.ModuleList(GatedLayer(channels, channels, 3, n_classes) for _ in range(blocks))
        self.out = nn.Sequential(
            nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, self.levels.outputs, 1)
        )

    @property
    def values(self) -> Tensor:
        """(L,) the levels of gray."""
        return self.levels.values

    def outputs(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, 1, H, W), (B, n_classes) one-hot -> (B, outputs, H, W): of each pixel, given those before it."""
        if isinstance(self.first, MaskedConv2d):
            h = self.first(x)
            for block in self.blocks:
                h = block(h)
        else:
            v = h = x
            for layer in (self.first, *self.blocks):
                v, h = layer(v, h, y)
        out: Tensor = self.out(h)
        return out.to(x.dtype)

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): the levels that are modelled."""
        return self.levels.binarise(x, rng)

    @torch.no_grad()
    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:  # noqa: ARG002 it is exact
        """(B, *shape) -> (B,) nats: log p of the levels, exactly, whatever n is; bits are drawn from gray first."""
        levels = self.binarise(x, rng)
        return torch.cat([self.log_conditionals(part).flatten(1).sum(1) for part in levels.split(CHUNK)])

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): draws, pixel by pixel."""
        empty = torch.zeros(n, *self.spec.shape, device=rng.device, dtype=next(self.parameters()).dtype)
        return self.complete(empty, torch.ones(self.spec.shape, dtype=torch.bool), rng).x

    @torch.no_grad()
    def complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """(B, *shape), (*shape) bool -> x with its hidden pixels drawn in order, each given all before it."""
        parts = [self._complete(part, hidden, rng) for part in x.split(DRAWN)]
        return Completed(torch.cat([part.x for part in parts]), torch.cat([part.log_weight for part in parts]))

    @abstractmethod
    def _complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """`complete` of as many as are drawn at once."""

    def completed(self, x: Tensor, hidden: Tensor, rng: torch.Generator, y: Tensor | None = None) -> Completed:
        """`complete` given the class of each, (B, n_classes), one-hot."""
        if not hidden.any():
            return Completed(x, x.new_zeros(len(x)))
        with torch.inference_mode():
            drawn = self._drawn(x, hidden.reshape(self.spec.shape[1:]).tolist(), rng, y)
        drawn = drawn.clone()  # an ordinary tensor again
        after = ~hidden.flatten()
        after[: int(hidden.flatten().int().argmax())] = False
        if not after.any():
            return Completed(drawn, x.new_zeros(len(x)))
        log_p = self.levels.log_prob(drawn, self.outputs(drawn, y)).flatten(1)
        return Completed(drawn, log_p[:, after.to(x.device)].sum(1))

    def _drawn(self, x: Tensor, hidden: list[list[bool]], rng: torch.Generator, y: Tensor | None) -> Tensor:
        """x with its hidden pixels drawn; rows after the last of them aren't computed."""
        _, height, width = self.spec.shape
        pixels = x.flatten(2).permute(2, 0, 1).contiguous()  # (H W, B, 1)
        network, head = self.cached(len(x), y), Head(self.out)
        last = max(row for row in range(height) if any(hidden[row]))
        for row in range(last + 1):
            network.next_row()
            for column in range(width):
                pixel, h = pixels[row * width + column], network.features(column)
                if hidden[row][column]:
                    uniform = torch.rand(len(x), generator=rng, device=x.device)
                    pixel[:, 0] = self.levels.draw(head(h), uniform)
                network.put(column, pixel)
        return pixels.permute(1, 2, 0).reshape(x.shape)

    def cached(self, n: int, y: Tensor | None = None) -> Cached:
        """The first layer and the blocks for n images, pixel by pixel."""
        width = self.spec.shape[2]
        if isinstance(self.first, MaskedConv2d):
            return CachedMasked(self.first, [block for block in self.blocks if isinstance(block, Residual)], n, width)
        later = [layer for layer in self.blocks if isinstance(layer, GatedLayer)]
        return CachedGated([self.first, *later], y, n, width)

    def per_pixel(self, nats: Tensor) -> Tensor:
        """-log p(x) in nats -> bits for each pixel."""
        return nats / (math.prod(self.spec.shape) * math.log(2))
