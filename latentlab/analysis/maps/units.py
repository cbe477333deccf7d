"""The numbers that a map lays out: of a wide layer, or of wide examples, some at random and always the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab.analysis.activations import activations, layers
from latentlab.analysis.arrays import Floats
from latentlab.data import Dataset

WIDE = 1_024  # units that a map looks at; of more it takes so many
SEED = 1


@dataclass(frozen=True, eq=False)
class Units:
    """Numbers of N examples.

    Attributes:
        z: (N, D).
        ids: (D,) which of the units they are, ascending.
        n_units: how many there are.
    """

    z: Floats
    ids: NDArray[np.int64]
    n_units: int


def chosen(width: int) -> NDArray[np.int64]:
    """Which of so many units are looked at, ascending: all, or `WIDE` of them at random, always the same."""
    return np.sort(np.random.default_rng(SEED).permutation(width)[:WIDE])


def of_codes(z: Floats) -> Units:
    """All dimensions of codes (N, D), however many."""
    return Units(z, np.arange(z.shape[1]), z.shape[1])


def of_examples(data: Dataset) -> Units:
    """The numbers that the examples are; intensities of images from 0 to 1."""
    n_units = math.prod(data.shape)
    ids = chosen(n_units)
    x = data.x.flatten(1)
    if len(ids) < n_units:
        x = x[:, torch.from_numpy(ids)]
    z: Floats = (x.float() / 255 if x.dtype == torch.uint8 else x.float()).numpy()
    return Units(z, ids, n_units)


def of_layer(model: nn.Module, x: Tensor, layer: str, forward: Callable[[Tensor], object] | None = None) -> Units:
    """What a layer gives for examples.

    Args:
        model: the module whose layer is meant.
        x: (N, *shape), as in `activations`.
        layer: its dotted name.
        forward: what runs the model; the model itself if None.

    Raises:
        ValueError: no such layer runs.
    """
    widths = {one.name: one.size for one in layers(model, x, forward)}
    if layer not in widths:
        raise ValueError(f"No layer that runs is called {layer}.")
    ids = chosen(widths[layer])
    taken = torch.from_numpy(ids)

    def keep(_name: str, output: Tensor) -> Tensor:
        return output.flatten(1)[:, taken]

    return Units(activations(model, x, [layer], forward, keep=keep)[layer], ids, widths[layer])
