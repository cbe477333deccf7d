"""How large uploaded images shall be, what becomes of those of other proportions, and which channels are shown."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import streamlit as st

from latentlab.data.files.options import LARGEST_SIDE, MAX_SIDE, Fit, ReadOptions


class Channels(StrEnum):
    """How many channels are shown."""

    ALL = "by their number"
    ONE = "one, in gray"
    THREE = "three, in colour"


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


def choose_channels(options: ReadOptions, n: int, key: str) -> ReadOptions:
    """The controls for images of n channels; returns the options with what was chosen of these files."""
    with st.container(horizontal=True, gap="medium"):
        how = st.segmented_control(
            "Channels", list(Channels), default=Channels.ALL, required=True, key=f"own-channels-{key}"
        )
        wanted = {Channels.ALL: (), Channels.ONE: ("Channel",), Channels.THREE: ("Red", "Green", "Blue")}[how]
        chosen = [
            st.selectbox(name, range(n), index=min(k, n - 1), width=110, key=f"own-channel-{name}-{key}")
            for k, name in enumerate(wanted)
        ]
    return replace(options, channels=tuple(chosen))
