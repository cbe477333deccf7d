"""What models share that decode a code and a class in two steps: y and z give a distribution of a, and a gives x.

    p(x, y, z, a) = p(y) p(z) p(a|z, y) p(x|a, y, z)

a is an auxiliary variable that x depends on, or the code of a lower model, z1, on which alone x depends.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from latentlab.distributions import Gaussian
from latentlab.models.abilities import Conditional, InfersLatents


class DecodesInTwoSteps(Conditional, InfersLatents):
    """Has a latent variable between (y, z) and x; a subclass says both steps."""

    between: ClassVar[str]  # the name of that variable

    @abstractmethod
    def p_between(self, z: Tensor, y: Tensor) -> Gaussian:
        """(B, z_dim), (B,) int64 -> p(a|z, y), each (B, a_dim)."""

    @abstractmethod
    def decode_between(self, a: Tensor, z: Tensor, y: Tensor) -> Tensor:
        """(B, a_dim), (B, z_dim), (B,) int64 -> (B, *shape): the mean of p(x|a, y, z)."""

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """(B, z_dim), (B,) -> (B, *shape): the mean of p(x|a, y, z) at the mean of p(a|z, y)."""
        return self.decode_between(self.p_between(z, y).mean, z, y)

    def sample_given(self, z: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """(B, z_dim), (B,) -> (B, *shape): the means of p(x|a, y, z) for draws of p(a|z, y)."""
        return self.decode_between(self.p_between(z, y).draw(rng), z, y)
