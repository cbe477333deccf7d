"""The line at the top of every page, what it chooses, and the notes at its foot."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab import settings
from latentlab.data import DENSITIES, Kind
from latentlab.figures.theme import Theme, theme
from latentlab.runs.run import labels
from latentlab.subjects import OWN, Subject, served, stored, with_model
from latentlab.subjects.data_only import local
from pages.components.copy_link import copy_link
from pages.components.history import history, visited
from pages.navigation import TRAIN, Page
from pages.shared import cached, url_state
from pages.shared.lesson_bar import lesson_bar
from pages.shared.present import present_button
from pages.shared.running_training import running_training
from pages.shared.text import plain
from pages.shared.visit import Slot

CHOSEN: Slot[str] = Slot("chosen")  # the run or the data, on this page and the next
PICKED: Slot[str] = Slot("picked")  # the widget that chooses it
_NOTES: ContextVar[DeltaGenerator | None] = ContextVar(
    "notes", default=None
)  # their place at the top, for a first visit
PICKED_HERE: Slot[bool] = Slot("picked_here")  # the widget, not the address, chose it in this run of the page
MISSED: Slot[str] = Slot("missed")  # what a link requests that can't be shown, once that was noted
OPENED: Slot[tuple[str, ...]] = Slot("opened")  # ids of the models that were uploaded in this visit


def look() -> Theme:
    """The colours of the appearance that the visitor has."""
    return theme(st.context.theme.type == "dark")


def header(page: Page) -> Subject | None:
    """Draw the title, the subject, its data and the link; returns the subject chosen here and on the next page.

    None where there is nothing for the page, which is said, unless the page can do without.
    """
    subjects = [
        run
        for run in with_model(*page.needs)
        if not (page.images and run.dataset in DENSITIES)
        and (not page.vectors or run.spec.kind in (Kind.VECTOR, Kind.SEQUENCE))
    ]
    return _header(page, {subject.id: subject for subject in [*subjects, *(local() if page.data else ())]})


def title_line(page: Page, subject: str = "") -> None:
    """Draw the title and the link of a page that chooses its subject itself, if any."""
    url_state.drop_endless_numbers()
    lesson_bar(page.name)
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        st.title(page.title, anchor=False, width="content")
        st.space("stretch")
        running_training()
        present_button()
        copy_link()
    _frame(page, subject)


def say_not_here(requested: str, shown: str = "") -> None:
    """That what a link requests isn't here, what to do, and the title of what is shown instead."""
    instead = f" “{plain(shown)}” is shown instead." if shown else ""
    st.warning(
        f"The link requests “{plain(requested[:80])}”, which isn't here: ask its sender for the file of it, and import "
        f"it on the first page.{instead}"
    )


def _say_instead(page: Page, wanted: str, shown: Subject) -> None:
    """Why what was chosen, or requested by a link, isn't shown here, and what would change that."""
    subject = next((one for one in (*served(), *stored(), *local()) if one.id == wanted), None)
    if subject is None:
        say_not_here(wanted, shown.title)
        return
    missing, instead = subject.missing(*page.needs), f"“{plain(shown.title)}” is shown instead."
    if not wanted.startswith(OWN):
        text = f"“{plain(subject.title)}” (“{plain(wanted)}”) can't be shown on this page. {instead}"
        st.warning(text)
        return
    if not missing:
        why = "no function of a model of your own is used here."
    elif subject.is_uploaded:
        why = f"its files have no {missing}."
    else:
        why = f"define {missing} in its file, or give an .onnx file that does it."
    st.caption(f":material/info: “{plain(subject.title)}” can't be shown on this page: {plain(why)} {instead}")


def _say_which_units(subject: Subject) -> None:
    """That numbers can't be shown in the user's units, where nothing is left that says them."""
    if subject.spec.kind is Kind.IMAGE or not subject.takes_scaled or cached.has_data(subject):
        return
    if cached.examples(subject).scale is None:
        st.caption(
            f":material/info: Numbers are shown between 0 and 1, as the model sees them: the data set “"
            f"{plain(subject.dataset)}” isn't here, and this run was saved without its units."
        )


def _frame(page: Page, subject: str) -> None:
    """What the browser shows of the page: its title, and the way back."""
    st.set_page_config(f"{page.title} · {subject}" if subject else page.title)
    history(page.name, CHOSEN.get(""))
    url_state.place_warnings()
    _NOTES.set(None if page.name in visited() else st.container())


def _header(page: Page, options: Mapping[str, Subject]) -> Subject | None:
    if not options:
        title_line(page)
        if page.needs:
            st.info("There is no trained model for this page yet.", icon=":material/school:")
            TRAIN.link("Train one")
        return None
    url_state.drop_endless_numbers()
    lesson_bar(page.name)
    named = labels(list(options.values()))
    chosen, wanted = _chosen(options, page.first)
    with st.container(horizontal=True, vertical_alignment="center", key="header"):
        st.title(page.title, anchor=False, width="content")
        st.space("stretch")
        PICKED.set(chosen)
        key = st.selectbox(
            "Model",
            list(options),
            format_func=named.__getitem__,
            key=PICKED.name,
            label_visibility="collapsed",
            width=280,
            on_change=_picked,
        )
        about = "The data it was trained on" if options[key].has() else None
        running_training()
        st.badge(plain(options[key].dataset), icon=":material/database:", color="gray", help=about)
        present_button()
        copy_link()
    if wanted:
        _say_instead(page, wanted, options[key])
    url_state.write("run", wanted or key)
    _frame(page, options[key].title)
    _say_which_units(options[key])
    return options[key]


def is_for_this_visit(subject: Subject) -> bool:
    """Whether it was not uploaded by another visitor: what they open changes nothing for this one."""
    return not subject.is_uploaded or subject.id in OPENED.get(())


def choose(run_id: str) -> None:
    """Choose a run for this page and the next, as if it had been picked; call it before `header`."""
    url_state.write("run", run_id)


def notes(see: str, attempt: str, why: str) -> None:
    """What there is to see, what to try, why it is so and where it comes from, folded at the foot of a page.

    Whoever comes for the first time reads at the top what to try: all three would push the picture off the screen.
    """
    if top := _NOTES.get():
        with top.container(border=True, key="try"):
            st.caption(f":material/lightbulb: **What to try.** {attempt} *What you see, and why, is at the foot.*")
    with st.expander("What you see · what to try · why it is so"):
        for column, heading, text in zip(
            st.columns(3, gap="large"),
            ("What you see", "What to try", "Why it is so"),
            (see, attempt, why),
            strict=True,
        ):
            column.markdown(f"**{heading}**\n\n{text}")


def _picked() -> None:
    if picked := PICKED.get():
        CHOSEN.set(picked)
        PICKED_HERE.set(True)
    url_state.forget_place()


def _chosen(runs: Mapping[str, Subject], first: str) -> tuple[str, str]:
    """What is shown, and what was to be shown but isn't here, or not on this page: empty for nothing.

    Shown is what was picked, else the address's, else what was chosen before, else a good first one. The address keeps
    a request that can't be met until another is picked.
    """
    requested, picked_here = url_state.read("run") or "", PICKED_HERE.pop()
    if requested in runs and not picked_here:
        CHOSEN.set(requested)
    own = [subject.id for subject in served() if is_for_this_visit(subject)]
    requests = (*own, f"data:{settings.first_data()}", first)
    default = next((request for request in requests if request in runs), next(iter(runs)))
    chosen = CHOSEN.get(default)
    chosen = chosen if chosen in runs else default
    if picked_here or requested in runs:
        return chosen, ""
    if requested:
        if MISSED.get() != requested:
            url_state.forget_place()  # of what isn't shown
        MISSED.set(requested)
        return chosen, requested
    before = CHOSEN.get(next(iter(own), ""))
    return chosen, before if before.startswith(OWN) and before not in runs else ""
