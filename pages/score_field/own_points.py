"""Points of one's own: painted on the plane, typed or uploaded; they stay for the visit, and in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.score.field import MOST_POINTS
from latentlab.analysis.score.points import read_points
from latentlab.data import Dataset, Kind
from latentlab.settings import FOR_LOOKING, is_read_only
from pages.shared import url_state
from pages.shared.packed import pack, unpack_text
from pages.shared.visit import Slot

MY_POINTS: Slot[str] = Slot("my-points")  # the widget with the points as text
MY_FILE: Slot[Any] = Slot("my-file")  # the widget that uploads them
POINTS: Slot[str] = Slot("points")  # the same text, which stays while the widget isn't drawn
STROKES: Slot[int] = Slot("strokes")  # the number of the last stroke that was painted
BEFORE: Slot[tuple[str, ...]] = Slot("points-before")  # the text before each of the last strokes
LINKED = "points"  # what the address calls them
MINE = "my points"
MOST_BYTES = 1 << 16  # of points in a link
MOST_UNDONE = 50  # strokes
START = "-1, 0\n-0.9, 0.3\n0.9, 0.2\n1, 0\n0.8, -0.3"


def own_points(more: DeltaGenerator) -> Dataset:
    """Draw the controls behind “More”, and return the points.

    Raises:
        FieldError: there are none, or the text has anything else.
    """
    if not MY_POINTS.is_set:
        kept = POINTS.get() if POINTS.is_set else _linked()
        MY_POINTS.set(START if kept is None else kept)
    why = FOR_LOOKING if is_read_only() else None
    with more:
        text = "A CSV of two columns"
        st.file_uploader(text, ["csv", "txt"], key=MY_FILE.name, on_change=_bring, help=why, disabled=bool(why))
        typed = st.text_area("One point a line: x, y", key=MY_POINTS.name, height=120)
    POINTS.set(typed)
    word = pack(typed.encode()) if typed != START else None
    fits = len(word or "") <= url_state.LONGEST
    url_state.write(LINKED, word if fits else None)
    if not fits:
        st.caption("These points are too many for the address, so a link will not contain them.")
    x = torch.from_numpy(read_points(typed))
    return Dataset(MINE, x, torch.zeros(len(x)).long(), (MINE,), Kind.PLANE)


def undo_and_clear() -> None:
    """Draw the buttons that take points away."""
    with st.container(horizontal=True, gap="small"):
        st.button("Undo", "undo-stroke", "Take the last stroke away", _undo, icon=":material/undo:",
                  disabled=not BEFORE.get(()))  # fmt: skip
        st.button("Clear", "clear-points", "Take all points away", _change, (" ",), icon=":material/delete:",
                  disabled=not MY_POINTS.get("").strip())  # fmt: skip


def add_strokes(strokes: Sequence[tuple[int, Sequence[tuple[float, float]]]]) -> None:
    """Add painted points to the typed ones: of strokes that come again, each once."""
    for serial, points in strokes:
        there = MY_POINTS.get("").split("\n")
        if serial <= STROKES.get(0) or len(there) + len(points) > MOST_POINTS:
            continue
        STROKES.set(serial)
        _change("\n".join([*(line for line in there if line.strip()), *(f"{x:.4g}, {y:.4g}" for x, y in points)]))


def _change(text: str) -> None:
    BEFORE.set((*BEFORE.get(()), MY_POINTS.get(""))[-MOST_UNDONE:])
    MY_POINTS.set(text)


def _undo() -> None:
    *before, last = BEFORE.get(())
    BEFORE.set(tuple(before))
    MY_POINTS.set(last)


def _bring() -> None:
    """Take the points of an uploaded file in place of those that are there."""
    if brought := MY_FILE.get():
        _change(brought.getvalue().decode("utf-8", "replace"))


def _linked() -> str | None:
    """The points of the address as text; None, with a sentence, if it has anything else."""
    word = url_state.read(LINKED)
    text = unpack_text(word, MOST_BYTES) if word else None
    if word and text is None:
        url_state.warn(f"The link's “{LINKED}” are no points that can be read, so the view starts from others.")
    return text
