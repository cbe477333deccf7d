"""Planar flow: invertible maps of a vector whose Jacobians' determinants are known (Rezende & Mohamed 2015, §4.1).

    z' = z + û tanh(w·z + b)       û = u + (log(1 + e^(w·u)) - 1 - w·u) w / ‖w‖²
    log |det dz'/dz| = log(1 + (1 - tanh²(w·z + b)) w·û) = log(tanh² + (1 - tanh²) log(1 + e^(w·u)))

û is u with its part along w changed so that w·û > -1 (ibid., app. A.1): then the map is invertible, and the logarithm
is of a positive number, also in single precision.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.nn.initialise import Drawn

TINY = 1e-12  # a ‖w‖² that counts as 0


class Step(NamedTuple):
    """The parameters of planar maps: u and w (..., d), b (...)."""

    u: Tensor
    w: Tensor
    b: Tensor

    @classmethod
    def of(cls, out: Tensor, dim: int) -> Step:
        """From 2 d + 1 outputs of a network, (..., 2 d + 1)."""
        u, w, b = out.split([dim, dim, 1], -1)
        return cls(u, w, b[..., 0])

    @property
    def along(self) -> Tensor:
        """w·û + 1, (...): positive."""
        along = (self.w * self.u).sum(-1)
        return torch.where(self._has_direction, F.softplus(along), 1 + along)

    @property
    def invertible_u(self) -> Tensor:
        """û, (..., d)."""
        change = self.along - 1 - (self.w * self.u).sum(-1)
        squared = torch.where(self._has_direction, self.w.square().sum(-1), 1.0)
        return self.u + (change / squared)[..., None] * self.w

    def __call__(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(..., d) -> what z becomes (..., d), and log |det| of the Jacobian there (...), in nats."""
        tanh = torch.tanh((self.w * z).sum(-1) + self.b)
        squared = tanh.square()
        return z + self.invertible_u * tanh[..., None], torch.log(squared + (1 - squared) * self.along)

    @property
    def _has_direction(self) -> Tensor:
        """(...) where w isn't 0: else a map shifts, and u may be anything."""
        return self.w.square().sum(-1) > TINY


class PlanarFlow(nn.Module, Drawn):
    """A row of planar maps with parameters of their own; of none, what comes in goes out."""

    def __init__(self, dim: int, n_steps: int) -> None:
        super().__init__()
        self.dim = dim
        self.steps = nn.Parameter(torch.zeros(n_steps, 2 * dim + 1))

    def draw(self, rng: torch.Generator) -> None:
        """As linear layers are drawn: U(-1/√d, 1/√d)."""
        with torch.no_grad():
            drawn = torch.empty(self.steps.shape).uniform_(-1, 1, generator=rng)
            self.steps.copy_(drawn / math.sqrt(self.dim))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(..., d) -> what z becomes (..., d), and log |det| of the Jacobian there (...), in nats."""
        return through(self.steps, z)


def through(steps: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """A place through a row of planar maps.

    Args:
        steps: (..., K, 2 d + 1): u, w and b of each map, the first one first; K may be 0.
        z: (..., d).

    Returns:
        What z becomes (..., d), and the sum of log |det| of the K Jacobians (...), in nats.
    """
    log_det = torch.zeros_like(z[..., 0])
    for step in steps.unbind(-2):
        z, more = Step.of(step, z.shape[-1])(z)
        log_det = log_det + more
    return z, log_det
