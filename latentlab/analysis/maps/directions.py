"""Directions of a space by name, its dimensions and the ways towards the classes; and two of them as axes of a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.axes import Axes, class_directions

N_DIMENSIONS = 100  # that are offered where nothing says which matter


def by_variance(z: Floats) -> NDArray[np.int64]:
    """The dimensions of (N, D), those that vary most first, at most `N_DIMENSIONS`."""
    order: NDArray[np.int64] = (-z.var(0)).argsort(kind="stable")[:N_DIMENSIONS]
    return order


def named_directions(
    z: Floats, names: Sequence[str], order: NDArray[np.int64], y: ArrayLike, classes: Sequence[str]
) -> dict[str, Floats]:
    """Name -> (D,) of length 1: the dimensions, then the way towards each class that isn't alone.

    Args:
        z: (N, D).
        names: of the D dimensions.
        order: which dimensions, and in which order.
        y: (N,) class indices, negative where there is none.
        classes: their names.
    """
    unit = np.eye(z.shape[1], dtype=np.float32)
    found = {names[k]: unit[k] for k in order.tolist()}
    ways = class_directions(z, y, len(classes))
    return found | {f"towards {name}": way for name, way in zip(classes, ways, strict=True) if way.any()}


def along(known: Mapping[str, Floats], mean: Floats, across: str, up: str) -> Axes:
    """Two named directions as the axes of a map whose coordinates are the code's own.

    Args:
        known: name -> (D,).
        mean: (D,) of the codes: a place of the map stands for a code that is else like it.
        across: the name of one.
        up: the name of the other.
    """
    return Axes(np.stack([known[across], known[up]]), np.zeros_like(mean), mean)
