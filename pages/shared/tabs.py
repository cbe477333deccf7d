"""Tabs below the picture of a page: only the one that is open is computed and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st


def tabs(contents: Mapping[str, Callable[[], object]], key: str = "detail") -> None:
    """Draw tabs by their titles, the first one open; the address keeps which is open, under the key."""
    shown = st.tabs(list(contents), key=key, on_change="rerun", bind="query-params")
    for tab, draw in zip(shown, contents.values(), strict=True):
        if tab.open:
            with tab:
                draw()
