"""The features of a layer that a probe is given: all if they are few, else always the same part.

Alain & Bengio, Understanding intermediate layers using linear classifier probes (2017), §3.4: an early layer of an
image network has millions of numbers, on which a probe would neither fit into memory nor mean anything. A fixed random
subset keeps single units; the mean or the maximum over the positions of an image keeps one number a channel. Neither
is fair to all layers alike, so every layer says how many of how many were kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab.analysis.activations import CHUNK, activations, encode_all
from latentlab.analysis.arrays import Floats

How = Literal["subset", "mean", "max"]

INPUT = "input"
LIMIT = 512  # features kept of a layer


@dataclass(frozen=True, eq=False)
class Features:
    """What is kept of a layer.

    Attributes:
        layer: its name.
        values: (N, kept).
        total: numbers that the layer gives for an example.
        how: "all", or what it was reduced by.
    """

    layer: str
    values: Floats
    total: int
    how: str

    @property
    def kept(self) -> int:
        """Features of an example."""
        return int(self.values.shape[1])


@dataclass(frozen=True)
class Reduction:
    """Keeps at most `limit` features of a layer; the same seed keeps the same ones in every call.

    Attributes:
        how: "subset" draws units at random; "mean" and "max" pool an image's channels over its positions first.
        limit: features kept.
        seed: of the draw.
    """

    how: How = "subset"
    limit: int = LIMIT
    seed: int = 0

    def __call__(self, h: Tensor) -> Tensor:
        """(B, ...) -> (B, at most limit)."""
        if self.how != "subset" and h.ndim == 4:
            h = h.mean((2, 3)) if self.how == "mean" else h.amax((2, 3))
        flat = h.flatten(1)
        return flat[:, torch.from_numpy(self.chosen(flat.shape[1])).to(flat.device)]

    def chosen(self, total: int) -> NDArray[np.int64]:
        """(kept,) the indices that are kept of so many, ascending; all of them where they are within the limit."""
        if total <= self.limit:
            return np.arange(total)
        return np.sort(np.random.default_rng([self.seed, total]).choice(total, self.limit, replace=False))


def read_features(
    model: nn.Module,
    x: Tensor | NDArray[np.generic],
    layers: Sequence[str],
    reduction: Reduction | None = None,
    *,
    forward: Callable[[Tensor], object] | None = None,
    also: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    batch: int = CHUNK,
) -> dict[str, Features]:
    """The features of the input and of layers for N examples; the model is run once for all layers.

    Args:
        model: the module whose layers are meant.
        x: (N, *shape); uint8 is scaled to [0, 1].
        layers: names, as in `activations`.
        reduction: what is kept; a subset of `LIMIT` if None.
        forward: what runs the model; the model itself if None.
        also: name -> (B, *shape) -> (B, k): what is no layer but worth a probe, such as the code of an example.
        batch: examples at once.

    Raises:
        ValueError: as `activations`, or a layer gives numbers that aren't finite.
    """
    reduction = reduction or Reduction()
    totals: dict[str, int] = {}

    def keep(name: str, h: Tensor) -> Tensor:
        totals[name] = h[0].numel()
        return reduction(h)

    def kept(name: str, function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: keep(name, function(x))

    extra = {INPUT: _same, **(also or {})}
    values = {name: encode_all(kept(name, function), x, batch) for name, function in extra.items()}
    values |= activations(model, x, layers, forward, batch, keep)
    for name, array in values.items():
        if not np.isfinite(array).all():
            raise ValueError(f"Layer {name} gives values that are not numbers, so nothing can be decoded from it.")
    order = [INPUT, *layers, *(also or {})]
    how = {name: "all" if values[name].shape[1] == totals[name] else reduction.how for name in order}
    return {name: Features(name, values[name], totals[name], how[name]) for name in order}


def _same(x: Tensor) -> Tensor:
    return x
