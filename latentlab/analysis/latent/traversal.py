"""Traversals of a latent space: one dimension at a time, or a whole plane of it.

Everything takes `decode`, any function from codes (B, z_dim) to examples (B, *shape), and decodes once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats, floats

Decode = Callable[[Tensor], Tensor]
Spacing = Literal["linear", "quantile"]

LEAST_REACH = 3.0  # standard deviations: of the codes, or of the prior
SHOWN = 0.99  # of the codes, on a plane at first


@dataclass(frozen=True)
class Traversal:
    """Examples along one dimension, the others held."""

    axis: int
    values: Floats  # (S,) what the dimension is set to
    examples: Floats  # (S, *shape)


@dataclass(frozen=True)
class ManifoldGrid:
    """Examples on a lattice in the plane of two dimensions; row 0 has the largest y, as a picture has."""

    x: Floats  # (n,) ascending
    y: Floats  # (n,) descending
    examples: Floats  # (n, n, *shape)


def traverse(decode: Decode, z: Tensor, axis: int, steps: Sequence[float] | Floats) -> Traversal:
    """Set one coordinate of a code to each of `steps` and decode.

    Args:
        decode: (B, z_dim) -> (B, *shape).
        z: (z_dim,) the code to start from.
        axis: the coordinate that varies.
        steps: its S values.

    Raises:
        IndexError: the code has no such coordinate.
    """
    if not 0 <= axis < len(z):
        raise IndexError(f"A code of {len(z)} dimensions has no dimension {axis}.")
    values = torch.as_tensor(np.asarray(steps), dtype=z.dtype)
    codes = z.repeat(len(values), 1)
    codes[:, axis] = values
    return Traversal(axis, floats(values), floats(decode(codes)))


def manifold_grid(decode: Decode, n: int, extent: float = 3.0, spacing: Spacing = "linear") -> ManifoldGrid:
    """Decode an n x n lattice of [-extent, extent]².

    Args:
        decode: (B, 2) -> (B, *shape); for a larger code, compose it with `plane`.
        n: nodes along a side.
        extent: half the side, in standard deviations of the prior.
        spacing: "linear" in z, or "quantile": evenly spaced in the prior's probability, through the inverse of its
            distribution function (Kingma & Welling 2014, Figure 4), so that each picture stands for as many samples.
    """
    nodes = lattice(n, extent, spacing)
    y, x = torch.meshgrid(nodes.flip(0), nodes, indexing="ij")
    examples = floats(decode(torch.stack([x.reshape(-1), y.reshape(-1)], 1)))
    return ManifoldGrid(floats(nodes), floats(nodes.flip(0)), examples.reshape(n, n, *examples.shape[1:]))


def plane(z: Tensor, directions: Tensor) -> Callable[[Tensor], Tensor]:
    """The plane through a code along two directions, as a function of its two coordinates.

    The coordinates of a code are its scalar products with the directions; a place of the plane is the code closest to
    `z` that has them: z + (s - B z) B⁺ᵀ, with the pseudo-inverse of B, so that the directions may be oblique or the
    same twice. For two axes of the code that sets two of its numbers.

    Args:
        z: (z_dim,) the code.
        directions: (2, z_dim), the rows of B.

    Returns:
        (n, 2) coordinates -> (n, z_dim) codes.
    """
    lift = torch.linalg.pinv(directions).T  # (2, z_dim)
    at = directions @ z
    return lambda s: z + (s - at) @ lift


def reach(codes: Tensor) -> float:
    """How far from 0, in each dimension, places are looked at: 3, or as far as the farthest of codes (N, D)."""
    return max(LEAST_REACH, math.ceil(2 * float(codes.abs().max())) / 2)


def half_width(coordinates: Tensor) -> float:
    """Half the side of a plane that shows `SHOWN` of the places (N, 2) around 0, and no less than ±3."""
    farther = coordinates.abs().amax(1).sort().values
    return max(LEAST_REACH, float(math.ceil(float(farther[int(SHOWN * (len(farther) - 1))]))))


def lattice(n: int, extent: float, spacing: Spacing) -> Tensor:
    """(n,) ascending from -extent to extent: evenly in z, or evenly in the standard normal's probability."""
    if spacing == "linear":
        return torch.linspace(-extent, extent, n)
    ends = torch.special.ndtr(torch.tensor([-extent, extent], dtype=torch.float64))
    nodes: Tensor = torch.special.ndtri(torch.linspace(float(ends[0]), float(ends[1]), n, dtype=torch.float64))
    return nodes.float()
