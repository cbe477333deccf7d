"""What a denoiser undoes: noise of a size, or pixels that are set to black or to white."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Corruption(ABC):
    """A way to corrupt examples.

    Attributes:
        amount: how much, between 0 and 1.
    """

    amount: float

    @property
    @abstractmethod
    def title(self) -> str:
        """What the amount is of, to a person who chooses it."""

    @abstractmethod
    def draw(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): corrupted."""


@dataclass(frozen=True)
class GaussianNoise(Corruption):
    """x + σ ε; the amount is σ."""

    @property
    def title(self) -> str:
        """Of the noise."""
        return "Noise added"

    def draw(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape)."""
        return x + self.amount * torch.randn(x.shape, generator=rng, device=x.device)


@dataclass(frozen=True)
class PixelsSet(Corruption):
    """A share of the pixels set to 0, or half of them each to 0 and to 1; the amount is the share."""

    white: bool = False  # whether half of them are set to 1

    @property
    def title(self) -> str:
        """Of the pixels."""
        return "Share of pixels set to 0 or 1" if self.white else "Share of pixels set to 0"

    def draw(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape)."""
        corrupted = torch.rand(x.shape, generator=rng, device=x.device) < self.amount
        white = torch.rand(x.shape, generator=rng, device=x.device) < 0.5
        return torch.where(corrupted, (white & self.white).to(x), x)
