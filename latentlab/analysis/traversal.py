"""Walking through a latent space: one dimension at a time, or a whole plane of it.

Everything takes `decode`, any function from codes (B, z_dim) to examples (B, *shape), and decodes once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Decode = Callable[[Tensor], Tensor]
Spacing = Literal["linear", "quantile"]
Floats = NDArray[np.float32]


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
    return Traversal(axis, _array(values), _array(decode(codes)))


def manifold_grid(
    decode: Decode,
    n: int,
    extent: float = 3.0,
    spacing: Spacing = "linear",
    z: Tensor | None = None,
    axes: tuple[int, int] = (0, 1),
) -> ManifoldGrid:
    """Decode an n x n lattice of [-extent, extent]².

    Args:
        decode: (B, z_dim) -> (B, *shape).
        n: nodes along a side.
        extent: half the side, in standard deviations of the prior.
        spacing: "linear" in z, or "quantile": evenly spaced in the prior's probability, through the inverse of its
            distribution function (Kingma & Welling 2014, Figure 4), so that each picture stands for as many samples.
        z: (z_dim,) the code that holds the other dimensions; None for a two-dimensional code.
        axes: the dimensions along x and along y.
    """
    nodes = lattice(n, extent, spacing)
    y, x = torch.meshgrid(nodes.flip(0), nodes, indexing="ij")
    codes = (torch.zeros(2) if z is None else z).repeat(n * n, 1)
    codes[:, axes[0]], codes[:, axes[1]] = x.reshape(-1), y.reshape(-1)
    examples = _array(decode(codes))
    return ManifoldGrid(_array(nodes), _array(nodes.flip(0)), examples.reshape(n, n, *examples.shape[1:]))


def lattice(n: int, extent: float, spacing: Spacing) -> Tensor:
    """(n,) ascending from -extent to extent: evenly in z, or evenly in the standard normal's probability."""
    if spacing == "linear":
        return torch.linspace(-extent, extent, n)
    ends = torch.special.ndtr(torch.tensor([-extent, extent], dtype=torch.float64))
    nodes: Tensor = torch.special.ndtri(torch.linspace(float(ends[0]), float(ends[1]), n, dtype=torch.float64))
    return nodes.float()


def _array(values: Tensor) -> Floats:
    return values.detach().cpu().float().numpy()
