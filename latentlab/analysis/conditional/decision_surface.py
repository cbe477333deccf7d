"""What a classifier makes of a plane: p(y|x) on a grid of it; the decision is the most probable class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from latentlab.analysis.arrays import Floats

Classify = Callable[[Tensor], Tensor]  # (B, d) -> (B, K) log-probabilities

CHUNK = 4_096


@dataclass(frozen=True)
class Decision:
    """A classifier on a grid of the plane.

    Attributes:
        x, y: (n,) ascending coordinates of the grid's columns and rows.
        probs: (n, n, K) p(class | place); the first axis goes along y.
    """

    x: Floats
    y: Floats
    probs: Floats

    @property
    def classes(self) -> NDArray[np.int64]:
        """(n, n): the most probable class of each place."""
        found: NDArray[np.int64] = self.probs.argmax(-1)
        return found


def decision(classify: Classify, low: ArrayLike, high: ArrayLike, n: int = 120) -> Decision:
    """Classify an n × n grid of the plane between two corners.

    Args:
        classify: (B, 2) -> (B, K) log-probabilities.
        low: (2,) the lower left corner.
        high: (2,) the upper right corner.
        n: places along each side.

    Raises:
        ValueError: fewer than two places a side, or a corner that isn't below the other.
    """
    first, last = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if n < 2 or first.shape != (2,) or last.shape != (2,) or not (first < last).all():
        raise ValueError("A grid needs two corners of the plane, one below the other, and at least two places a side.")
    x, y = (np.linspace(a, b, n, dtype=np.float32) for a, b in zip(first, last, strict=True))
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2))
    with torch.no_grad():
        probs = torch.cat([classify(part).exp().cpu() for part in grid.split(CHUNK)])
    return Decision(x, y, probs.reshape(n, n, -1).numpy().astype(np.float32))
