"""A box of the plane: where a field, a density or chains are looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A rectangle of the plane by its edges, in units of the data; an address lists them in this order."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    @property
    def x(self) -> tuple[float, float]:
        """The left and the right edge."""
        return self.x_low, self.x_high

    @property
    def y(self) -> tuple[float, float]:
        """The lower and the upper edge."""
        return self.y_low, self.y_high

    @property
    def low(self) -> tuple[float, float]:
        """The lower left corner, (x, y)."""
        return self.x_low, self.y_low

    @property
    def high(self) -> tuple[float, float]:
        """The upper right corner, (x, y)."""
        return self.x_high, self.y_high

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle, (x, y)."""
        return (self.x_low + self.x_high) / 2, (self.y_low + self.y_high) / 2

    @property
    def width(self) -> float:
        """From the left edge to the right one."""
        return self.x_high - self.x_low

    @property
    def height(self) -> float:
        """From the lower edge to the upper one."""
        return self.y_high - self.y_low

    @property
    def diagonal(self) -> float:
        """From the lower left corner to the upper right one."""
        return math.hypot(self.width, self.height)

    @property
    def is_proper(self) -> bool:
        """Whether its edges are finite, and it has an inside."""
        return all(map(math.isfinite, (*self.x, *self.y))) and self.width > 0 and self.height > 0


def around(x: Tensor, margin: float = 0.25) -> Box:
    """The square about points (N, 2), and a margin on each side as a share of its width."""
    low, high = x.double().amin(0), x.double().amax(0)
    middle, extent = (low + high) / 2, float((high - low).max())
    half = (extent / 2 or 1.0) * (1 + 2 * margin)  # one point has no extent
    (x_low, x_high), (y_low, y_high) = ((float(m) - half, float(m) + half) for m in middle)
    return Box(x_low, x_high, y_low, y_high)
