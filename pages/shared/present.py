"""Present mode: large type and no controls, for a screen that a room looks at. The address keeps it."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from pages.shared import url_state
from pages.shared.visit import Slot

LARGER = 1.5  # than usual, as in present.css
PRESENTING: Slot[bool] = Slot("presenting")
_STYLE = Path(__file__).with_name("present.css")


def presenting() -> bool:
    """Whether this visit presents."""
    return PRESENTING.get(False)


def present_button() -> None:
    """Draw the button that starts and ends it, and let the page look accordingly."""
    if url_state.read("present"):
        PRESENTING.set(True)
    on = presenting()
    url_state.write("present", "1" if on else None)
    about = "Show the controls again" if on else "For a screen that a room looks at: large type, controls hidden"
    icon = ":material/close_fullscreen:" if on else ":material/slideshow:"
    st.button("End" if on else "Present", icon=icon, key="present", help=about, on_click=_change)
    if on:
        st.html(_STYLE)


def enlarged(figure: go.Figure) -> go.Figure:
    """A figure as it is shown now: while presenting a copy in larger type, and higher by as much."""
    if not presenting():
        return figure
    larger = go.Figure(figure)
    larger.update_layout(font_size=LARGER * (figure.layout.font.size or 12))
    if figure.layout.height:
        larger.update_layout(height=round(1.25 * figure.layout.height))
    for axis in (*larger.select_xaxes(), *larger.select_yaxes()):
        for font in (axis.tickfont, axis.title.font):
            font.size = LARGER * font.size if font.size else None
    for note in larger.layout.annotations:
        note.font.size = LARGER * note.font.size if note.font.size else None
    return larger


def _change() -> None:
    PRESENTING.set(not presenting())
    url_state.write("present", None)
