"""Does a model repeat its training examples? The nearest one to each example, and what such a distance is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Labels, doubles
from latentlab.analysis.neighbours import nearest_blocks


@dataclass(frozen=True)
class Nearest:
    """For each of N queries, the reference that is nearest."""

    index: Labels  # (N,) into the references; any of them where several are equally near
    distance: Doubles  # (N,) L2; not a number for a query that isn't


def nearest(query: Tensor, reference: Tensor) -> Nearest:
    """The nearest reference of each query by L2 distance, exact.

    Args:
        query: (N, *shape) codes or examples; uint8 counts as intensities from 0 to 1.
        reference: (M, *shape) likewise; M is at least 1.
    """
    return _nearest(nearest_blocks(query, reference, 1))


def nearest_other(x: Tensor, rows: Tensor | None = None) -> Nearest:
    """For examples of one set, the nearest other example of it (leave-one-out): to compare a distance with.

    Args:
        x: (M, *shape); M is at least 2.
        rows: (N,) int64, the examples to do it for; None for all, which takes M² distances.
    """
    rows = torch.arange(len(x), device=x.device) if rows is None else rows
    return _nearest(nearest_blocks(x[rows], x, 1, rows))


def distance_quantile(distance: Doubles, reference_distances: Doubles) -> Doubles:
    """The share of the reference distances that are smaller, elementwise; NaN for a distance that is not a number.

    Near 0 among train-train distances says that an example repeats a training example (memorised), near 1 among
    test-train distances that it is unlike anything real (invented).
    """
    if len(reference_distances) == 0:
        raise ValueError("There are no reference distances.")
    share = np.searchsorted(np.sort(reference_distances), distance) / len(reference_distances)
    return np.where(np.isnan(distance), np.nan, share)


def _nearest(found: Iterator[tuple[Tensor, Tensor]]) -> Nearest:
    index, distance = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Nearest(index[:, 0].cpu().numpy(), doubles(distance[:, 0]))
