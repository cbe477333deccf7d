"""Figures and image sheets on a page; none is drawn without words for those who can't see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from latentlab.data import to_bytes
from latentlab.figures.sheets import picture_shape, sheet_png
from pages.shared.present import enlarged
from pages.shared.text import plain

SIDE = 56  # pixels of an image on a sheet, at least


def figure(content: go.Figure, alt: str, key: str | None = None, place: DeltaGenerator | None = None) -> None:
    """Draw a figure as it was styled, without a tool bar."""
    (place or st).plotly_chart(enlarged(content), theme=None, config={"displayModeBar": False}, key=key, alt=alt)


def panels(content: Mapping[str, go.Figure], alt: str) -> None:
    """Draw figures side by side under their titles, one above the other in a narrow window."""
    for place, (title, drawn) in zip(st.columns(len(content), gap="medium"), content.items(), strict=True):
        place.markdown(f":small[**{plain(title)}**]")
        figure(drawn, f"{alt}: {title}", place=place)


def sheet(images: NDArray[Any] | Sequence[NDArray[Any]], columns: int, alt: str) -> None:
    """Draw images (C, H, W), or vectors as gray cells, in rows of `columns`, lossless and sharp."""
    stacked = np.asarray(images)
    if stacked.dtype != np.uint8:
        stacked = to_bytes(stacked)
    st.image(sheet_png(stacked, columns, scale=scale(stacked.shape[1:], SIDE)), width="stretch", alt=alt)


def scale(shape: tuple[int, ...], width: int) -> int:
    """How many pixels a pixel of an example takes, so that the example is about `width` wide."""
    return max(1, width // picture_shape(shape)[2])


def drawing(svg: str, alt: str) -> None:
    """Show a drawing as wide as there is room."""
    st.image(svg, width="stretch", alt=alt)
