"""The figures of the paper as presets: a model, a box, and what is drawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from pages.score_field.choose_field import TRAINED
from pages.shared import url_state
from pages.shared.header import choose
from pages.shared.visit import Slot


@dataclass(frozen=True)
class Preset:
    """What a figure of the source needs."""

    title: str
    run: str
    box: str | None
    over: tuple[str, ...]
    behind: str
    what: str


PRESETS = (
    Preset("Spiral", "spiral-dae", None, ("arrows", "data"), "true density", "Alain 2018, Fig. 3.5a"),
    Preset("Gap between the arms", "spiral-dae", "-0.47,-0.15,-0.13,0.19", ("arrows", "data", "fixed points"),
           "reconstruction error", "Fig. 3.5b: the arrows point in opposite directions half-way, though the error is "
                                   "low there"),
    Preset("A spurious attractor", "moons-dae-spurious", None, ("arrows", "data", "fixed points"), "basins",
           "Alain 2018, Fig. 3.7: right near the data, but with a spurious attractor where training never led"),
    Preset("Trained with walkback", "moons-dae-walkback", None, ("arrows", "data", "fixed points"), "basins",
           "The same network trained on five steps of its own chain: no spurious attractor, and directions only"),
    Preset("Mixture", "mixture-dae", None, ("arrows", "streamlines"), "angle error",
           "Five Gaussians: where the network is wrong, and by how much"),
)  # fmt: skip


def presets(here: Collection[str]) -> None:
    """A button for each whose run is there, behind one; `here` has the ids of all denoisers."""
    with st.popover("Examples of the paper", icon=":material/menu_book:"):
        for preset in PRESETS:
            if preset.run in here:
                st.button(
                    preset.title, key=f"preset-{preset.title}", type="tertiary", help=preset.what, on_click=_show,
                    args=(preset,), icon=":material/image:",
                )  # fmt: skip


def _show(preset: Preset) -> None:
    choose(preset.run)
    url_state.write("loop", None)
    url_state.write("box", preset.box)
    url_state.write("at", None)
    url_state.write("whose", None)
    Slot[list[str]]("over").set(list(preset.over))
    Slot[str]("behind").set(preset.behind)
    Slot[str]("of-run").set(TRAINED)
