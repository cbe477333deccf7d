"""The figures of the paper as presets: a model, a box, and what is drawn."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from latentlab.experiments.score_figures import FIGURES, ScoreFigure
from pages.score_field.choose_field import TRAINED
from pages.shared import url_state
from pages.shared.header import choose
from pages.shared.visit import Slot


def presets(here: Collection[str]) -> None:
    """A button for each whose run is there, behind one; `here` has the ids of all denoisers."""
    with st.popover("Examples of the paper", icon=":material/menu_book:"):
        for preset in FIGURES:
            if preset.run in here:
                st.button(
                    preset.title, key=f"preset-{preset.title}", type="tertiary", help=preset.what, on_click=_show,
                    args=(preset,), icon=":material/image:",
                )  # fmt: skip


def _show(preset: ScoreFigure) -> None:
    choose(preset.run)
    url_state.write("loop", None)
    url_state.write("box", preset.box)
    url_state.write("at", None)
    url_state.write("whose", None)
    Slot[list[str]]("over").set(list(preset.over))
    Slot[str]("behind").set(preset.behind)
    Slot[str]("of-run").set(TRAINED)
