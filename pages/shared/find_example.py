"""Examples that are found by words of the user's columns, or of the names of their classes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.arrays import Labels
from latentlab.analysis.maps.search import search
from pages.shared.example_table import distinct, identity
from pages.shared.remember import remember
from pages.shared.spaces import Space
from pages.shared.visit import Slot

LISTED = 50  # of the examples that have the words


@remember(8)
def found_by(space: Space, text: str) -> Labels:
    """(M,) the examples that have some words, those first that are called so."""
    classes = np.array([*space.data.classes, ""], object)[space.data.y.numpy()]
    known = space.examples
    return search({**known.columns, "": classes}, text, {known.id, known.title} - {""})


def words(key: str, *, linked: bool = False) -> str:
    """A field for them."""
    about = "words in any of your columns"
    return st.text_input("Search", key=key, bind="query-params" if linked else None, max_chars=200, placeholder=about)


def choose_example(label: str, space: Space, first: int, key: str) -> int:
    """Let the visitor choose an example: by its number, or from a list of those that have some words."""
    with st.popover(label):
        text = words(f"{key}-words") if space.examples.columns else ""
        if text:
            ids, table = found_by(space, text)[:LISTED], f"{key}-found {text}"
            st.dataframe(
                distinct(identity(space, ids)),
                hide_index=True,
                on_select=partial(_take, table, key, ids),
                selection_mode="single-row",
                key=table,
                alt="The examples that have these words; the row that is chosen is taken",
            )
        return int(st.number_input("Example", 0, len(space.z) - 1, first, key=key, bind="query-params"))


def _take(table: str, key: str, ids: NDArray[np.integer]) -> None:
    event: Any = Slot[Any](table).get()
    if rows := event.selection.rows:
        Slot[int](key).set(int(ids[rows[0]]))
