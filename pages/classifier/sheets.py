"""Examples with what they are, what is predicted of them, and how probable that is."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from latentlab.analysis.arrays import Labels
from latentlab.data import Kind
from latentlab.subjects import Subject
from pages.classifier.predicted import Shown
from pages.shared.example_view import appearance_of, few_columns, one_by_one
from pages.shared.text import plain

WIDTH = 56  # pixels of an image
GRID = 20  # most confident ones of a kind
CELL = 40  # of a cell of the matrix
NUMBERS = 8  # of an example that is no image


def draw_cell(run: Subject, shown: Shown, names: tuple[str, ...], cell: tuple[int, int]) -> None:
    """The examples of one cell, most certain first."""
    ids, (true, predicted) = shown.found.of_cell(*cell), cell
    a, b = plain(names[true]), plain(names[predicted])
    what = f"{a} predicted as {b}" if true != predicted else f"{a}, and predicted so"
    if not len(ids):
        st.caption(f"No example is {what}.")
        return
    more = f", the {CELL} most certain" if len(ids) > CELL else ""
    st.markdown(f":small[**{len(ids):,} × {what}**{more}]")
    _draw(run, shown, names, ids[:CELL])


def draw_grids(run: Subject, shown: Shown, names: tuple[str, ...], of: int | None) -> None:
    """The most confident right and wrong predictions, of one class or of all."""
    for place, right in zip(st.columns(2, gap="large"), (True, False), strict=True):
        ids = shown.found.confident(right, GRID, of)
        with place:
            st.markdown(f":small[**Most confident, {'right' if right else 'wrong'}**]")
            if len(ids):
                _draw(run, shown, names, ids)
            else:
                st.caption(f"None of these is {'right' if right else 'wrong'}.")


def title(shown: Shown, names: tuple[str, ...], i: int) -> str:
    """What is written below an example: its class, another one if that is predicted, and how probable that is."""
    true, predicted = int(shown.found.y[i]), int(shown.found.predicted[i])
    instead = f" → {names[predicted]}" if true != predicted else ""
    return f"{names[true]}{instead}\n{shown.found.top[i]:.1%}"


def draw(run: Subject, x: Tensor, titles: Sequence[str], alt: str) -> None:
    """Examples (N, *shape) with a title each: images, or rows of a table with their numbers."""
    if run.spec.kind is Kind.IMAGE:
        one_by_one(appearance_of(run), x, titles, WIDTH)
        return
    drawn = few_columns(run)
    rows = [
        {"predicted": said.replace("\n", ", "), "example": ", ".join(drawn.lines(one)[:NUMBERS])}
        for said, one in zip(titles, x.numpy(), strict=True)
    ]
    st.dataframe(rows, hide_index=True, height=min(320, 36 * (len(rows) + 1)), alt=alt)


def _draw(run: Subject, shown: Shown, names: tuple[str, ...], ids: Labels) -> None:
    rows = ids.tolist()
    draw(run, shown.x(rows), [title(shown, names, i) for i in rows], "Examples, with what is predicted of them")
