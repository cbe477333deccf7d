"""A lesson that is under way: a slim bar at the top of every page, with the task and the ways to the next step."""

from __future__ import annotations

import streamlit as st

from pages.navigation import LESSONS
from pages.shared import url_state
from pages.shared.lessons import Lesson, find_lesson
from pages.shared.text import plain
from pages.shared.visit import Slot

UNDER_WAY: Slot[str] = Slot("lesson under way")  # "id.step", counted from 1


def lesson_bar(here: str) -> None:
    """Draw it, if a lesson is under way: the address says which, else the visit.

    Args:
        here: the name of the page that is open.
    """
    requested = url_state.read("lesson") or UNDER_WAY.get("")
    if not requested or here == LESSONS.name:
        return
    found = _found(requested)
    if found is None:
        st.warning(f"The link's lesson “{plain(requested[:60])}” isn't here.")
        _leave()
        return
    UNDER_WAY.set(requested)
    url_state.write("lesson", requested)
    _draw(*found, here)


def _found(requested: str) -> tuple[Lesson, int] | None:
    """The lesson that is requested, and its step counted from 0."""
    name, _, number = requested.rpartition(".")
    lesson = find_lesson(name)
    if lesson is None or not (number.isascii() and number.isdigit()) or not 1 <= int(number[:4]) <= len(lesson.steps):
        return None
    return lesson, int(number) - 1


def _draw(lesson: Lesson, k: int, here: str) -> None:
    step = lesson.steps[k]
    with (
        st.container(border=True, key="lesson"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.markdown(f"**{plain(lesson.title)}** :gray[{k + 1} of {len(lesson.steps)}]", width="content")
        with st.container(width="stretch", key="lesson-task"):
            st.markdown(step.task if here == step.page.name else f":gray[{step.page.title}:] {step.task}")
        if step.answer:
            with st.popover("Answer", icon=":material/visibility:", key="lesson-answer"):
                st.markdown(step.answer)
        if here != step.page.name:
            step.page.link("Back to the step", icon="undo", **lesson.at(k))
        if k:
            lesson.steps[k - 1].page.link("Back", icon="arrow_back", **lesson.at(k - 1))
        if k + 1 < len(lesson.steps):
            lesson.steps[k + 1].page.link("Next", icon="arrow_forward", **lesson.at(k + 1))
        else:
            LESSONS.link("All lessons", icon="school")
        st.button(
            "", icon=":material/close:", type="tertiary", key="lesson-end", help="End the lesson", on_click=_leave
        )


def _leave() -> None:
    UNDER_WAY.forget()
    url_state.write("lesson", None)
