"""What probes are fitted to: examples, a target for each, and the settings of the fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Labels
from latentlab.analysis.image_attributes import UNITS, corrupted, grouped, measured, parity
from latentlab.analysis.probes.features import How
from latentlab.data import Dataset, Splits

CLASS, PARITY, NOISE = "class", "parity", "amount of noise"
LEVELS = (0.0, 0.25, 0.5)  # standard deviations of the noise, which is also the target
SPLIT = (0.6, 0.2, 0.2)  # of examples that no data set divides


@dataclass(frozen=True)
class Settings:
    """How probes are fitted; every field is in the report.

    Attributes:
        n: examples that they are fitted to; a quarter as many choose the penalty, half as many are tested on.
        limit: features kept of a layer.
        how: by which a wide layer is reduced.
        n_seeds: how often.
    """

    n: int = 2_000
    limit: int = 800
    how: How = "subset"
    n_seeds: int = 3


@dataclass(frozen=True, eq=False)
class ProbeTask:
    """Examples, and the target of probes on them.

    Attributes:
        x: (N, *shape), those that probes are fitted to first.
        y: (N,) labels.
        names: of the K classes.
        sizes: of the three splits.
        source: where the examples come from, in words.
    """

    x: Tensor
    y: Labels
    names: tuple[str, ...]
    sizes: tuple[int, int, int]
    source: str

    def with_target(self, target: str) -> ProbeTask:
        """The same examples with the labels of a target, which are those of their classes at first.

        Raises:
            ValueError: as `measured`.
        """
        if target == CLASS:
            return self
        if target == PARITY:
            return replace(self, y=parity(self.y), names=("even", "odd"))
        x = self.x.float().div(255).numpy() if self.x.dtype == torch.uint8 else self.x.numpy()
        if target == NOISE:
            level = np.random.default_rng(0).integers(0, len(LEVELS), len(x))
            noisy = torch.from_numpy(corrupted(x, level, LEVELS))
            return replace(self, x=noisy, y=level, names=tuple(f"σ = {sigma:g}" for sigma in LEVELS))
        y, names = grouped(measured(x, target), unit=UNITS.get(target, ""))
        return replace(self, y=y, names=names)


def task_of(splits: Splits, n: int, source: str) -> ProbeTask:
    """The classes of a data set: n examples to fit, a quarter as many to choose, half as many to test on."""
    parts = [_some(part, size) for part, size in zip(splits, (n, n // 4, n // 2), strict=True)]
    x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts]).numpy()
    fit, choose, test = map(len, parts)
    return ProbeTask(x, y, splits.train.classes, (fit, choose, test), source)


def divided(x: Tensor, y: Labels, names: tuple[str, ...], n: int) -> ProbeTask:
    """Examples of one set, divided at random, the same way every time; at most n of them."""
    order = used_of(len(x), n)
    cuts = [round(share * len(order)) for share in SPLIT[:2]]
    sizes = (cuts[0], cuts[1], len(order) - sum(cuts))
    return ProbeTask(x[torch.from_numpy(order)], y[order], names, sizes, "the examples on the map, divided at random")


def used_of(n_all: int, n: int) -> Labels:
    """The rows of at most n of all examples, in an order that is always the same."""
    return np.random.default_rng(0).permutation(n_all)[:n]


def _some(data: Dataset, n: int) -> Dataset:
    """At most n examples: not the first ones, which need not be like the others, but always the same."""
    if n >= len(data):
        return data
    return data[torch.from_numpy(np.random.default_rng(0).choice(len(data), n, replace=False))]
