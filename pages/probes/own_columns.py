"""The columns of the user's own data as targets of probes: of each example its word, or how high its number is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels
from latentlab.analysis.image_attributes import grouped
from latentlab.analysis.maps.colourings import MOST_CLASSES
from latentlab.data import UNLABELLED
from pages.shared import cached
from pages.shared.per_example import columns
from pages.shared.remember import remember
from pages.shared.spaces import Source

Column = NDArray[Any]


@remember(8, on=lambda source: source.run is None or cached.has_data(source.run))
def column_targets(source: Source) -> dict[str, Column]:
    """Name -> (N,): the columns of which a word, a yes or no, or a number's height can be decoded.

    Words that are as good as different in each example name it, and are no target.
    """
    known = columns(source)
    return {f"column: {name}": values for name, values in known.items() if _repeats(values)}


def classes_of(values: Column) -> tuple[Labels, tuple[str, ...]]:
    """The values (N,) of a column as classes: numbers low, medium or high; an empty word is `UNLABELLED`."""
    if values.dtype.kind in "biuf":
        return grouped(values.astype(np.float64))
    words = values.astype(str)
    known = np.unique(words[words != ""])
    return np.where(words == "", UNLABELLED, np.searchsorted(known, words)), tuple(known.tolist())


def _repeats(values: Column) -> bool:
    different = len({*values.tolist()} - {""})
    return different > 1 and (values.dtype.kind in "biuf" or different <= min(MOST_CLASSES, len(values) // 2))
