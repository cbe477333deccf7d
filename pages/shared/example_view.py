"""Examples on a page: as images, or as rows of a table where they are no images."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from pages.shared.images import sheet
from pages.shared.spaces import Space

SHOWN = 12  # numbers of an example that is no image


def examples(space: Space, ids: NDArray[np.int64], columns: int, alt: str) -> None:
    """Some examples: as images, or a table of the first of their numbers."""
    if space.is_image:
        sheet(space.data.x.numpy()[ids], min(columns, len(ids)), alt)
        return
    numbers = space.data.x[torch.from_numpy(ids)].flatten(1)[:, :SHOWN].numpy()
    rows = [
        {"example": int(i), "class": name_of(space, int(space.data.y[i]))}
        | {str(k + 1): float(value) for k, value in enumerate(row)}
        for i, row in zip(ids, numbers, strict=True)
    ]
    st.dataframe(rows, hide_index=True, alt=alt)


def name_of(space: Space, k: int) -> str:
    """The name of a class."""
    return space.data.classes[k] if 0 <= k < len(space.data.classes) else "no class"
