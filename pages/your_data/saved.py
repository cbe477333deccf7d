"""The saved data sets: what they are, where they can be opened, and how they are deleted."""

from __future__ import annotations

import streamlit as st

from latentlab.data import Library
from pages.shared.deletion import data_set, delete_button, deleted
from pages.shared.own_data import SAVED, open_links, outline
from pages.shared.text import plain


def just_saved() -> None:
    """What was saved last, and where it can be opened."""
    name = SAVED.get("")
    if name in Library.default():
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="just-saved"):
            st.markdown(f":material/check: Saved: **{plain(name)}**", width="content")
            open_links(name)


def saved() -> None:
    """The list, and what of it was deleted."""
    library = Library.default()
    names = library.names()
    st.markdown("**Saved**" if names else "Nothing is saved yet.")
    for name in names:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{plain(name)}**", width="content")
                st.space("stretch")
                delete_button([data_set(name)], "", f"Delete {plain(name)}")
            st.caption(outline(name))
            with st.container(horizontal=True, gap="small"):
                open_links(name)
    deleted([(data_set(one.name), one.when) for one in library.trash.contents()])
