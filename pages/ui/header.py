"""The line at the top of every page, what it chooses, and the notes at its foot."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from latentlab import places
from latentlab.data import DENSITIES, is_local, names
from latentlab.figures.theme import Theme, theme
from latentlab.models import Model
from latentlab.runs import Run, labels
from latentlab.store import Store
from pages.ui import address
from pages.ui.components import copy_link

FIRST_CHOICE = "mnist-vae-2d"


def look() -> Theme:
    """The colours of the appearance that the visitor has."""
    return theme(st.context.theme.type == "dark")


def header(title: str, *any_of: type[Model], first: str = FIRST_CHOICE, images: bool = False) -> Run | None:
    """Draw the title, the model, its data and the link; returns the run that is chosen here and on the next page.

    Args:
        title: of the page.
        any_of: the page shows runs whose model has one of these abilities; it says so and returns None if there is
            none. A page that asks for no ability can do without.
        first: the run that is chosen where nothing else says which.
        images: the page draws examples as pictures, so runs of points drawn from a density aren't for it.
    """
    runs = {run.id: run for run in _runs(*any_of, images=images)}
    found = _header(title, runs, bool(any_of), first)
    return found if isinstance(found, Run) else None


def header_or_data(
    title: str, *any_of: type[Model], first: str = FIRST_CHOICE, images: bool = False
) -> Run | str | None:
    """As `header`, of a page that can also show data without a model: returns a run, or the name of a data set."""
    options: dict[str, Run | str] = {run.id: run for run in _runs(*any_of, images=images)}
    return _header(title, options | {f"data:{name}": name for name in names() if is_local(name)}, True, first)


def _runs(*any_of: type[Model], images: bool) -> list[Run]:
    return [run for run in Store.default().runs(*any_of) if not (images and run.dataset in DENSITIES)]


def _header(title: str, options: Mapping[str, Run | str], needed: bool, first: str) -> Run | str | None:
    _inside_frame()
    if not options:
        st.title(title, anchor=False)
        if needed:
            st.info("There is no trained model for this page yet.", icon=":material/school:")
            st.page_link("pages/train.py", label="Train one", icon=":material/model_training:")
        return None
    named = labels([option for option in options.values() if isinstance(option, Run)])
    named |= {key: f"{option}, no model" for key, option in options.items() if isinstance(option, str)}
    chosen = _chosen(options, first)
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        st.title(title, anchor=False, width="content")
        st.space("stretch")
        st.session_state["picked"] = chosen
        key = st.selectbox(
            "Model",
            list(options),
            format_func=named.__getitem__,
            key="picked",
            label_visibility="collapsed",
            width=280,
            on_change=_picked,
        )
        option = options[key]
        data = option.dataset if isinstance(option, Run) else option
        st.badge(data, icon=":material/database:", color="gray", help="The data it was trained on")
        copy_link.copy_link()
    address.write("run", key)
    return option


def choose(run_id: str) -> None:
    """Choose a run for this page and the next, as if it had been picked; call it before `header`."""
    address.write("run", run_id)


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


def _picked() -> None:
    st.session_state.update(chosen=st.session_state["picked"], picked_here=True)
    address.leave_place()


def _inside_frame() -> None:
    """Run the page inside app.py, always.

    Until app.py has called `st.navigation` once, Streamlit takes the folder pages/ for its older convention and runs a
    page that a link opens first on its own.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def _chosen(runs: Collection[str], first: str) -> str:
    """The picked run, else the address's, else the one chosen before, else a good first one."""
    asked, picked_here = address.read("run"), st.session_state.pop("picked_here", False)
    if asked and not picked_here:
        if asked in runs:
            st.session_state["chosen"] = asked
        else:
            st.warning(f"The link asks for “{asked[:80]}”, which isn't here or can't be shown on this page.")
    wishes = (f"data:{places.first_data()}", first)
    default = next((wish for wish in wishes if wish in runs), next(iter(runs)))
    chosen: str = st.session_state.get("chosen", default)
    return chosen if chosen in runs else default
