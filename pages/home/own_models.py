"""The models of the user's own that are served now: what they can do, what was found out, and the pages for them."""

import streamlit as st

from latentlab.subjects import served
from pages.navigation import HOME, PAGES
from pages.shared.text import plain


def own_models() -> None:
    """A line for each, with links to the pages that can show it."""
    for own in served():
        with st.container(border=True):
            st.markdown(f":material/person: Your model **{plain(own.title)}**, looked at with {plain(own.dataset)}.")
            if own.note:
                st.caption(plain(own.note))
            with st.container(horizontal=True, gap="small"):
                for page in PAGES:
                    if page is not HOME and page.needs and own.has(*page.needs):
                        page.link(page.title, run=own.id)
