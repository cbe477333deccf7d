"""The browser's history: Back leads to the last page or subject, and a page of the menu opens as it was left."""

import streamlit as st

from pages.components import sources

_COMPONENT = st.components.v2.component("latentlab.history", js=sources("history", "history.js"))


def history(page: str, chosen: str) -> None:
    """Keep the history in order from here on, and note in a cookie that this browser has visited the page.

    Args:
        page: its name.
        chosen: the subject that the visitor has chosen; the view that another page had of another isn't restored.
    """
    _COMPONENT(key="history", data={"page": page, "chosen": chosen})


def visited() -> set[str]:
    """The names of the pages that this browser had visited before this visit."""
    return set(st.context.cookies.get("latentlab_seen", "").split("."))
