"""p(x_i|·) of one pixel over the levels that it can take: black and white, or gray by a mixture of logistics.

Salimans et al., PixelCNN++ (2017), eq. 1-2: with levels v_0 < … < v_(L-1) on [-1, 1] and edges halfway between them,

    p(v_l) = Σ_k π_k [σ((v_l + ½ step - m_k) / s_k) - σ((v_l - ½ step - m_k) / s_k)]

where the lowest level takes all below it and the highest all above, so the sum over levels is 1 exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.distributions import bernoulli_log_prob
from latentlab.knobs import knob

KINDS = ("bernoulli", "logistic")
MIN_LOG_SCALE = -7.0


class PixelLevels(ABC):
    """The distribution of a pixel given the network's output for it, over `n` levels from 0 to 1."""

    n: int
    outputs: int  # of the network, for each pixel

    @property
    def values(self) -> Tensor:
        """(n,) the levels, rising."""
        return torch.linspace(0, 1, self.n)

    @abstractmethod
    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, 1, H, W) -> (B, 1, H, W): what is modelled of gray levels in [0, 1]."""

    def observed(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, 1, H, W): the nearest level of each pixel, without a random draw; halfway, the upper."""
        return (x * (self.n - 1) + 0.5).floor().clamp(0, self.n - 1) / (self.n - 1)

    @abstractmethod
    def log_prob(self, x: Tensor, out: Tensor) -> Tensor:
        """Levels (..., 1, H, W) and outputs (..., outputs, H, W) -> (..., 1, H, W) nats."""

    @abstractmethod
    def log_levels(self, out: Tensor) -> Tensor:
        """(..., outputs, H, W) -> (..., 1, H, W, n) nats: of every level."""

    def draw(self, out: Tensor, uniform: Tensor) -> Tensor:
        """(n, outputs) for one pixel and (n,) numbers in [0, 1) -> (n,) levels, by the inverse of the distribution."""
        below = self.log_levels(out[:, :, None, None]).flatten(0, -2).exp().cumsum(1)[:, :-1]
        return (uniform[:, None] >= below).sum(1).to(out.dtype) / (self.n - 1)


class Bits(PixelLevels):
    """Black and white; gray levels are drawn anew as such at every look (dynamic binarisation)."""

    n = 2
    outputs = 1

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A fresh draw x ~ Bernoulli(gray level)."""
        return (torch.rand(x.shape, generator=rng, device=x.device) < x).to(x.dtype)

    def log_prob(self, x: Tensor, out: Tensor) -> Tensor:
        """Bits and log odds -> nats."""
        return bernoulli_log_prob(x, out)

    def log_levels(self, out: Tensor) -> Tensor:
        """Log odds -> log-probabilities of 0 and 1."""
        return torch.stack([F.logsigmoid(-out), F.logsigmoid(out)], -1)

    def draw(self, out: Tensor, uniform: Tensor) -> Tensor:
        """White where the uniform number is below its probability."""
        return (uniform < out[:, 0].sigmoid()).to(out.dtype)


class Logistics(PixelLevels):
    """A mixture of discretised logistics over levels of gray."""

    def __init__(self, n: int, components: int) -> None:
        self.n, self.components, self.outputs = n, components, 3 * components

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002 nothing is drawn
        """The nearest level of each pixel."""
        return self.observed(x)

    def log_prob(self, x: Tensor, out: Tensor) -> Tensor:
        """Levels and outputs -> nats."""
        return self._of(2 * x - 1, out).squeeze(-1)

    def log_levels(self, out: Tensor) -> Tensor:
        """Outputs -> log-probabilities of every level."""
        return self._of(torch.linspace(-1, 1, self.n, dtype=out.dtype, device=out.device), out)

    def _of(self, v: Tensor, out: Tensor) -> Tensor:
        """Levels on [-1, 1], either (..., 1, H, W) or all of them (n,), and outputs -> (..., 1, H, W, n or 1) nats."""
        weight, mean, log_scale = (part.movedim(-3, -1)[..., None, :] for part in out.chunk(3, dim=-3))
        v = v[:, None] if v.dim() == 1 else v.squeeze(-3)[..., None, None]  # against (..., H, W, 1, components)
        step, steepness = 1 / (self.n - 1), (-log_scale.clamp(min=MIN_LOG_SCALE)).exp()
        upper, lower = (v + step - mean) * steepness, (v - step - mean) * steepness
        edge = 0.5 * step
        log_p = torch.log(-torch.expm1(-2 * step * steepness))  # σ(b) - σ(a) = σ(b) σ(-a) (1 - e^(a - b))
        is_lowest, is_highest = v < -1 + edge, v > 1 - edge
        log_p = torch.where(is_lowest | is_highest, torch.zeros_like(log_p), log_p)
        log_p = log_p + torch.where(is_highest, torch.zeros_like(upper), F.logsigmoid(upper))
        log_p = log_p + torch.where(is_lowest, torch.zeros_like(lower), F.logsigmoid(-lower))
        return torch.logsumexp(log_p + F.log_softmax(weight, -1), -1).unsqueeze(-4)


def pixel_levels(kind: str, n: int, components: int) -> PixelLevels:
    """The distribution that the knobs say."""
    return Bits() if kind == "bernoulli" else Logistics(n, components)


def likelihood_knob(default: str) -> Any:
    """The knob that chooses it."""
    about = "of a pixel: black or white, drawn anew from gray in every step; or levels of gray, by a logistic mixture"
    return knob(default, choices=KINDS, help=about)


def levels_knob() -> Any:
    """The knob of the number of levels."""
    return knob(17, 2, 256, help="levels of gray, to which pixels are rounded", when=("likelihood", "logistic"))


def components_knob() -> Any:
    """The knob of the number of logistics."""
    return knob(3, 1, 20, help="logistic distributions in the mixture", when=("likelihood", "logistic"))
