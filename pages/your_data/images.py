"""How large uploaded images shall be, and what becomes of those of other proportions."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from latentlab.data.files.options import LARGEST_SIDE, MAX_SIDE, Fit, ReadOptions

SIDES = (MAX_SIDE // 2, MAX_SIDE, 2 * MAX_SIDE, LARGEST_SIDE)


def choose_images(options: ReadOptions, key: str) -> ReadOptions:
    """The controls; returns the options with what was chosen of these files."""
    with st.container(horizontal=True, gap="medium"):
        size = st.segmented_control(
            "Longest side, in pixels", SIDES, default=MAX_SIDE, required=True, key=f"own-size-{key}"
        )
        fit = st.segmented_control(
            "Images of other proportions", list(Fit), default=Fit.STRETCH, required=True, key=f"own-fit-{key}"
        )
    return replace(options, size=size, fit=fit)
