"""Lessons: guided ways through the app, a few steps each; every step is a view and a task."""

import streamlit as st

from pages.navigation import LESSONS
from pages.shared.header import title_line
from pages.shared.lessons import Lesson, lessons
from pages.shared.text import plain


def draw(lesson: Lesson) -> None:
    """A card: what it is about, the way in, and its steps."""
    with st.container(border=True, height="stretch"):
        lesson.steps[0].page.link(f"**{plain(lesson.title)}**", icon="school", **lesson.at(0))
        st.caption(f"{plain(lesson.about)} About {lesson.minutes} minutes.")
        with st.expander(f"{len(lesson.steps)} steps"):
            for k, step in enumerate(lesson.steps):
                step.page.link(f"{k + 1}. {step.page.title}", **lesson.at(k))
                st.caption(step.task)


title_line(LESSONS)
st.caption("Each lesson is a few views of the app with something to do and to find out. It stays until you close it.")
found, wrong = lessons()
for sentence in wrong:
    st.warning(plain(sentence))
grid = st.grid(min_column_width=340, gap="medium")
for lesson in found.values():
    with grid.container():
        draw(lesson)
with st.expander("Write a lesson of your own"):
    st.markdown(
        "A lesson is a file such as `my_lesson.toml` in a folder of your own, which `latentlab app --lessons FOLDER` "
        "reads. The view of a step is what stands behind the ? of the address: open a page, make it show what you "
        "want, and copy the link. Whoever opens the link of a step sees the lesson too."
    )
    st.code(
        'title = "My lesson"\n'
        'about = "What the corner of the plane looks like."\n'
        "minutes = 5\n\n"
        "[[steps]]\n"
        'page = "traversal"\n'
        'view = "run=mnist-vae-2d&z=2.9,2.9"\n'
        'task = "Go from this corner to the middle. What changes first?"\n'
        'answer = "The slant."\n',
        language="toml",
    )
