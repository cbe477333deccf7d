"""The line at the top of every page, what it chooses, and the notes at its foot."""

from __future__ import annotations

import streamlit as st

from latentlab.figures.theme import Theme, theme
from latentlab.models import Model
from latentlab.runs import Run
from latentlab.store import Store
from pages.ui import address
from pages.ui.components import copy_link

FIRST_CHOICE = "mnist-vae-2d"


def look() -> Theme:
    """The colours of the appearance that the visitor has."""
    return theme(st.context.theme.type == "dark")


def header(title: str, *any_of: type[Model]) -> Run:
    """Draw the title, the model, its data and the link; returns the run that is chosen here and on the next page.

    A page that finds no run with one of the abilities says so and ends.
    """
    runs = {run.id: run for run in Store.default().runs(*any_of)}
    if not runs:
        st.title(title, anchor=False)
        st.info("There is no trained model for this page yet.", icon=":material/school:")
        st.page_link("pages/train.py", label="Train one", icon=":material/model_training:")
        st.stop()
    chosen = _chosen(runs)
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        st.title(title, anchor=False, width="content")
        st.space("stretch")
        st.session_state["picked"] = chosen
        run = runs[
            st.selectbox(
                "Model",
                list(runs),
                format_func=lambda run_id: runs[run_id].title,
                key="picked",
                label_visibility="collapsed",
                width=280,
                on_change=lambda: st.session_state.update(chosen=st.session_state["picked"], picked_here=True),
            )
        ]
        st.badge(run.dataset, icon=":material/database:", color="gray", help="The data it was trained on")
        copy_link.copy_link()
    address.write("run", run.id)
    return run


def notes(see: str, attempt: str, why: str) -> None:
    """The foot of a page, folded: what there is to see, what to try, why it is so and where it comes from."""
    with st.expander("What you see · what to try · why it is so"):
        for column, heading, text in zip(
            st.columns(3, gap="large"),
            ("What you see", "What to try", "Why it is so"),
            (see, attempt, why),
            strict=True,
        ):
            column.markdown(f"**{heading}**\n\n{text}")


def _chosen(runs: dict[str, Run]) -> str:
    """The picked run, else the address's, else the one chosen before, else a good first one."""
    asked, picked_here = address.read("run"), st.session_state.pop("picked_here", False)
    if asked and not picked_here:
        if asked in runs:
            st.session_state["chosen"] = asked
        else:
            st.warning(f"The link asks for “{asked[:80]}”, which isn't here or can't be shown on this page.")
    default = FIRST_CHOICE if FIRST_CHOICE in runs else next(iter(runs))
    chosen: str = st.session_state.get("chosen", default)
    return chosen if chosen in runs else default
