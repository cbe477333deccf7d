"""The models of the user's own that are served now: what they can do, what was found out, and the pages for them."""

import streamlit as st

from latentlab.serving.uploaded import UploadedModels
from latentlab.subjects import OwnModel, served
from pages.navigation import HOME, PAGES
from pages.shared import url_state
from pages.shared.header import OPENED, is_for_this_visit
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import visitor

ABANDONED = 300.0  # seconds without use after which all may close a model that a visitor opened


def own_models() -> None:
    """A box for each: those of whoever runs the app, and those that this visitor opened."""
    for own in filter(is_for_this_visit, served()):
        with st.container(border=True):
            line(own, "Your model")


def of_others() -> None:
    """A line for each that another visitor opened."""
    for own in served():
        if not is_for_this_visit(own):
            line(own, "Opened by another visitor:")


def line(own: OwnModel, start: str) -> None:
    """What a model is, with links to the pages that can show it, and a button that closes what may be closed."""
    st.markdown(f":material/person: {start} **{plain(own.title)}**, looked at with {plain(own.dataset)}.")
    if own.note:
        st.caption(plain(own.note))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for page in PAGES:
            if page is not HOME and page.needs and own.has(*page.needs):
                page.link(page.title, run=own.id)
        models = uploaded_models()
        name = own.described.id
        if models.is_owner(visitor(), name) or (own.described.unused > ABANDONED and models.is_here(name)):
            about = "All who look at it lose it"
            st.button("Close", f"close-{own.id}", about, icon=":material/close:", on_click=_close, args=(own.id, name))


@remember(1)
def uploaded_models() -> UploadedModels:
    """Those of this server, which all visitors share."""
    return UploadedModels()


def _close(own_id: str, name: str) -> None:
    uploaded_models().close(name)
    if url_state.read("run") == own_id:
        url_state.write("run", None)
    OPENED.set(tuple(one for one in OPENED.get(()) if one != own_id))
