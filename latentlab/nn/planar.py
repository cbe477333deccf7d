"""Planar flow: invertible maps of a vector whose Jacobians' determinants are known (Rezende & Mohamed 2015, §4.1).

    z' = z + û tanh(w·z + b)       û = u + (log(1 + e^(w·u)) - 1 - w·u) w / ‖w‖²
    log |det dz'/dz| = log(1 + (1 - tanh²(w·z + b)) w·û) = log(tanh² + (1 - tanh²) log(1 + e^(w·u)))

û is u with its part along w changed so that w·û > -1 (ibid., app. A.1): then the map is invertible, and the logarithm
is of a positive number, also in single precision.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

TINY = 1e-12  # a ‖w‖² that counts as 0


class Maps(NamedTuple):
    """The parameters of K planar maps: u and w (..., K, d), b (..., K)."""

    u: Tensor
    w: Tensor
    b: Tensor

    @classmethod
    def of(cls, steps: Tensor) -> Maps:
        """From (..., K, 2 d + 1) numbers: u, w and b of each map."""
        d = steps.shape[-1] // 2
        return cls(steps[..., :d], steps[..., d : 2 * d], steps[..., -1])

    @property
    def along(self) -> Tensor:
        """w·û + 1, (..., K): positive. Where w is 0, a map shifts, and u may be anything."""
        along = (self.w * self.u).sum(-1)
        return torch.where(self._has_direction, F.softplus(along), 1 + along)

    @property
    def invertible_u(self) -> Tensor:
        """û, (..., K, d)."""
        change = self.along - 1 - (self.w * self.u).sum(-1)
        squared = torch.where(self._has_direction, self.w.square().sum(-1), 1.0)
        return self.u + (change / squared)[..., None] * self.w

    @property
    def _has_direction(self) -> Tensor:
        return self.w.square().sum(-1) > TINY


def through(steps: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """A place through a row of planar maps.

    Args:
        steps: (..., K, 2 d + 1): u, w and b of each map, the first one first; K may be 0.
        z: (..., d).

    Returns:
        What z becomes (..., d), and the sum of log |det| of the K Jacobians (...), in nats.
    """
    maps = Maps.of(steps)
    u, w, b = maps.invertible_u.unbind(-2), maps.w.unbind(-2), maps.b.unbind(-1)
    slopes = []
    for k in range(len(b)):
        slopes.append(torch.tanh((w[k] * z).sum(-1) + b[k]))
        z = z + u[k] * slopes[-1][..., None]
    if not slopes:
        return z, torch.zeros_like(z[..., 0])
    squared = torch.stack(slopes, -1).square()
    return z, torch.log(squared + (1 - squared) * maps.along).sum(-1)
