"""Examples on a page: as pictures, or as rows of a table where they are no images."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from pages.shared.images import sheet
from pages.shared.spaces import Space

SHOWN = 12  # numbers of an example that is no image


def examples(seen: Space, ids: NDArray[np.int64], columns: int, alt: str) -> None:
    """Some examples: their pictures, or a table of the first of their numbers."""
    if seen.is_image:
        sheet(seen.data.x.numpy()[ids], min(columns, len(ids)), alt)
        return
    numbers = seen.data.x[torch.from_numpy(ids)].flatten(1)[:, :SHOWN].numpy()
    rows = [
        {"example": int(i), "class": name_of(seen, int(seen.data.y[i]))}
        | {str(k + 1): float(value) for k, value in enumerate(row)}
        for i, row in zip(ids, numbers, strict=True)
    ]
    st.dataframe(rows, hide_index=True, alt=alt)


def name_of(seen: Space, k: int) -> str:
    """The name of a class."""
    return seen.data.classes[k] if 0 <= k < len(seen.data.classes) else "no class"
