"""What is known of each example as targets of probes: the factors that made it, the columns of the user's own data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels
from latentlab.analysis.image_attributes import grouped
from latentlab.analysis.maps.colourings import MOST_CLASSES
from latentlab.data import UNLABELLED, Factors

Column = NDArray[Any]
Target = Callable[[Labels], tuple[Labels, tuple[str, ...]]]  # rows of examples -> their classes, and what these are

MOST_LEVELS = 20  # of a factor of numbers, each of which is a class; of more, low, medium and high


def column_targets(made: Factors | None, known: Mapping[str, Column]) -> dict[str, Target]:
    """Name -> of which a word, a yes or no, a level or a number's height can be decoded: factors, then other columns.

    Words that are as good as different in each example name it, and are no target.

    Args:
        made: what made the N examples; None where that isn't known.
        known: name -> (N,) numbers or words.
    """
    found = dict[str, Target]()
    if made is not None:
        found = {f"factor: {name}": partial(_of_factor, made, k) for k, name in enumerate(made.names)}
    return found | {f"column: {name}": partial(_of_column, one) for name, one in known.items() if _repeats(one)}


def _of_factor(made: Factors, k: int, rows: Labels) -> tuple[Labels, tuple[str, ...]]:
    """The levels of a factor; numbers of very many low, medium or high."""
    levels: Labels = made.levels[:, k].numpy()[rows]
    if len(made.values[k]) <= MOST_LEVELS or isinstance(made.values[k][0], str):
        return levels, made.words(k)
    return grouped(np.asarray(made.values[k], np.float64)[levels])


def _of_column(values: Column, rows: Labels) -> tuple[Labels, tuple[str, ...]]:
    """The values of a column as classes: numbers low, medium or high; an empty word is `UNLABELLED`."""
    if values.dtype.kind in "biuf":
        return grouped(values[rows].astype(np.float64))
    words = values[rows].astype(str)
    known = np.unique(words[words != ""])
    return np.where(words == "", UNLABELLED, np.searchsorted(known, words)), tuple(known.tolist())


def _repeats(values: Column) -> bool:
    different = len({*values.tolist()} - {""})
    return different > 1 and (values.dtype.kind in "biuf" or different <= min(MOST_CLASSES, len(values) // 2))
