"""Data without a model: their vectors, and the groups in them that can be compared or probed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pages.shared.metric import SCALED
from pages.shared.selections import offered_of
from pages.shared.spaces import INPUT, STANDARDISED, Source, Space, load_space, usual_metric

N = 10_000  # examples, those of the test set first


def vectors_of(dataset: str) -> Space:
    """The examples of a data set as they are, compared in their usual metric."""
    source = Source(dataset, None, INPUT, N)
    return load_space(replace(source, metric=usual_metric(source)))


def say_metric(space: Space) -> str:
    """In which metric they are compared, where it isn't the one of the numbers as they are."""
    return f", {SCALED[STANDARDISED]}" if space.of.metric == STANDARDISED else ""


def groups_of(space: Space) -> dict[str, np.ndarray]:
    """Name -> the rows of a group: of each class, and of what was picked on the map or a column names."""
    y = space.data.y.numpy()
    of_class = {name: np.flatnonzero(y == k) for k, name in enumerate(space.data.classes)}
    own = {group.name: np.array(group.ids) for group in offered_of(space.of).values()}
    return {name: rows[rows < len(y)] for name, rows in (of_class | own).items()}
