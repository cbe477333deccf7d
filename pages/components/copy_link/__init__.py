"""A button that copies the page's address: what it names is what another visitor will see."""

from __future__ import annotations

import streamlit as st

from pages.components import LOOK, sources

_button = st.components.v2.component(
    "latentlab.copy_link",
    html='<button type="button" title="Copy a link to this view">Copy link</button>',
    css=LOOK + sources("copy_link", "copy_link.css"),
    js=sources("copy_link", "copy_link.js"),
)


def copy_link() -> None:
    """Draw the button."""
    _button(key="copy_link", width="content", height="content")
