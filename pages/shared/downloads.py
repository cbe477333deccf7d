"""What can be taken away from a page: files, which are made when they are requested."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable

import streamlit as st


def download(label: str, content: Callable[[], str | bytes], name: str, about: str | None = None) -> None:
    """Offer a file, which is made when it is requested."""
    st.download_button(
        label, content, name, mimetypes.guess_type(name)[0], on_click="ignore", icon=":material/download:", help=about
    )
