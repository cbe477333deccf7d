"""Figures and image sheets on a page; none is drawn without words for those who can't see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from latentlab.figures.sheets import sheet_png

SIDE = 56  # pixels of an image on a sheet, at least


def figure(content: go.Figure, alt: str, key: str | None = None, place: DeltaGenerator | None = None) -> None:
    """Draw a figure as it was styled, without a tool bar."""
    (place or st).plotly_chart(content, theme=None, config={"displayModeBar": False}, key=key, alt=alt)


def sheet(images: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], columns: int, alt: str) -> None:
    """Draw images (C, H, W) in rows of `columns`, lossless and sharp."""
    stacked = np.asarray(images)
    st.image(sheet_png(stacked, columns, scale=max(1, SIDE // stacked.shape[-1])), width="stretch", alt=alt)


def drawing(svg: str, alt: str) -> None:
    """Show a drawing as wide as there is room."""
    st.image(svg, width="stretch", alt=alt)
