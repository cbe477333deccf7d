"""A second model, to be seen beside the first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import streamlit as st

from latentlab.runs.run import labels
from latentlab.subjects import Subject
from pages.shared import url_state


def choose_beside(
    run: Subject, others: Iterable[Subject], about: str, width: int | Literal["stretch"] = "stretch"
) -> Subject | None:
    """Let the visitor choose one of the other runs, or none; the address keeps which."""
    known = {other.id: other for other in others if other.id != run.id}
    named, asked = labels(list(known.values())), url_state.read("beside")
    chosen = st.selectbox(
        "Beside it", list(known), list(known).index(asked) if asked in known else None, key=f"beside-{run.id}",
        format_func=named.__getitem__, placeholder="no other model", help=about, width=width,
    )  # fmt: skip
    url_state.write("beside", chosen)
    return known[chosen] if chosen else None
