"""The plane that chains are drawn on: what of it is shown, and how dense it is there."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.box import Box
from latentlab.analysis.sampling.targets import LogProb
from latentlab.data.builtin.synthetic import Density

SIDE = 72  # cells along a side of what is drawn behind the chains
WIDER = 1.15  # the width of the picture, in its heights
NEARLY_ALL = (0.002, 0.998)  # quantiles of the places that must be in sight
MARGIN = 0.15  # on each side of them, as a share of their extent


def frame(truth: Density | None, places: NDArray[np.floating]) -> Box:
    """A box about nearly all of the mass of a density of the plane; where there is none, about places (N, 2)."""
    if truth is not None and truth.dim == 2:
        low, high = (corner.numpy() for corner in truth.box)
    else:
        low, high = np.quantile(places, NEARLY_ALL, axis=0)
        margin = MARGIN * (high - low) + 1e-3
        low, high = low - margin, high + margin
    (x, y), half = (low + high) / 2, float((high - low).max()) / 2 or 1.0
    return Box(float(x - WIDER * half), float(x + WIDER * half), float(y - half), float(y + half))


def shade(log_prob: LogProb, box: Box, dtype: torch.dtype = torch.float32, n: int = SIDE) -> NDArray[np.floating]:
    """(n, n) exp(log p - its largest) in the middles of the cells of a box, row 0 the lowest y; 0 where p is NaN."""
    xs, ys = ((torch.arange(n) + 0.5) / n * (high - low) + low for low, high in (box.x, box.y))
    y, x = torch.meshgrid(ys, xs, indexing="ij")
    with torch.no_grad():
        found: Tensor = log_prob(torch.stack([x, y], -1).reshape(-1, 2).to(dtype)).reshape(n, n)
    found = torch.where(found < torch.inf, found, -torch.inf)  # also where it is no number
    dense: NDArray[np.floating] = (found - found.max().clamp(min=torch.finfo(found.dtype).min)).exp().numpy()
    return dense
