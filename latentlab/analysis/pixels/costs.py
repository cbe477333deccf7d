"""What an example costs, pixel by pixel, under a model that gives the probability of each from those before it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats


@dataclass(frozen=True)
class Costs:
    """-log2 p(x_i | x_1 … x_(i-1)) of some examples.

    Attributes:
        bits: (N, H, W).
    """

    bits: Floats

    @property
    def of_examples(self) -> Floats:
        """(N,) bits: -log2 p(x)."""
        found: Floats = self.bits.sum((1, 2))
        return found

    @property
    def per_pixel(self) -> float:
        """Bits a pixel, in the mean over the examples."""
        return float(self.of_examples.mean() / self.bits[0].size)

    @property
    def std_error(self) -> float:
        """Of `per_pixel`: the standard error over the examples."""
        n = len(self.bits)
        return float(self.of_examples.std(ddof=1) / math.sqrt(n) / self.bits[0].size) if n > 1 else math.nan

    @property
    def half(self) -> int:
        """The fewest pixels of which the mean costs add up to half of an example's."""
        costs = np.sort(self.bits.mean(0).ravel())[::-1].cumsum()
        return int(np.searchsorted(costs, costs[-1] / 2) + 1)


@torch.no_grad()
def costs(log_conditionals: Callable[[Tensor], Tensor], x: Tensor) -> Costs:
    """Of examples (N, 1, H, W): `log_conditionals` gives nats of each pixel."""
    nats = -log_conditionals(x)
    return Costs((nats[:, 0] / math.log(2)).numpy())
