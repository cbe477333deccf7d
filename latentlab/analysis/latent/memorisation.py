"""Does a model repeat its training examples? The nearest one to each example, and what such a distance is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Floats, Labels, doubles
from latentlab.analysis.neighbours import nearest_blocks
from latentlab.device import generator

YARDSTICK = 500  # examples whose nearest others are looked up


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


@dataclass(frozen=True)
class SamplesWithNearest:
    """Samples with what says whether they repeat examples.

    Attributes:
        samples: (N, *shape) float32.
        nearest: the example that is nearest to each.
        share_nearer: (N,) of the examples, the share that has another example nearer than that.
    """

    samples: Floats
    nearest: Nearest
    share_nearer: Doubles


def samples_with_nearest(
    sample: Callable[[int, torch.Generator], Tensor],
    n: int,
    examples: Tensor,
    unit: Tensor | None = None,
    seed: int = 0,
) -> SamplesWithNearest:
    """Draw samples, and find the nearest example of each.

    Args:
        sample: n and a generator -> (n, *shape).
        n: how many.
        examples: (M, *shape), M at least 2; uint8 counts as intensities from 0 to 1.
        unit: (*shape) by which the numbers of an example are divided before distances are taken; None for 1.
        seed: of the samples.
    """
    with torch.no_grad():
        drawn = sample(n, generator(seed)).cpu().float()
    places, reference = (drawn, examples) if unit is None else (drawn / unit, examples / unit)
    found = nearest(places, reference)
    rows = torch.arange(len(reference))[:: max(1, len(reference) // YARDSTICK)]
    usual = nearest_other(reference, rows).distance
    return SamplesWithNearest(drawn.numpy(), found, distance_quantile(found.distance, usual))


def _nearest(found: Iterator[tuple[Tensor, Tensor]]) -> Nearest:
    index, distance = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Nearest(index[:, 0].cpu().numpy(), doubles(distance[:, 0]))
