"""A button that copies the page's address: what it names is what another visitor will see."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components import LOOK

_HERE = Path(__file__).parent


_button = st.components.v2.component(
    "latentlab.copy_link",
    html='<button type="button" title="Copy a link to this view">Copy link</button>',
    css=LOOK + (_HERE / "copy_link.css").read_text(encoding="utf-8"),
    js=(_HERE / "copy_link.js").read_text(encoding="utf-8"),
)


def copy_link() -> None:
    """Draw the button."""
    _button(key="copy_link", width="content", height="content")
