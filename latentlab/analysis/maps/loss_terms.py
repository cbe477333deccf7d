"""What a model's objective says of each example of a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Floats
from latentlab.data import UNLABELLED, Batch, Dataset

CHUNK = 500  # examples at once: more don't fit the cache


@torch.no_grad()
def loss_terms(
    terms: Callable[[Batch], Mapping[str, Tensor]], data: Dataset, names: Sequence[str], labelled_only: bool = False
) -> dict[str, Floats]:
    """Evaluate terms of a loss on every example.

    Args:
        terms: B examples -> name -> (B,).
        data: N examples.
        names: of the terms that are wanted.
        labelled_only: `terms` can't be requested about examples without a class.

    Returns:
        Name -> (N,); NaN where an example has no such term, or wasn't requested about.
    """
    found = {name: np.full(len(data), np.nan, np.float32) for name in names}
    rows = torch.arange(len(data))
    if labelled_only:
        rows = rows[data.y != UNLABELLED]
    for index in rows.split(CHUNK):
        if len(index):
            values = terms(data.batch(index))
            for name in found.keys() & values.keys():
                found[name][index.numpy()] = values[name].float().cpu().numpy()
    return found
