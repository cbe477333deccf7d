"""The source's figures as a click: a model, a box, and what is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from latentlab.store import Store
from pages.ui import address
from pages.ui.header import choose


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
    Preset("Spiral", "spiral-dae", None, ("arrows", "data"), "true density", "Alain & Bengio 2014, Fig. 3.5a"),
    Preset("Between its arms", "spiral-dae", "0.16,0.44,-0.14,0.14", ("arrows", "data", "fixed points"),
           "reconstruction error", "Fig. 3.5b: the arrows part half-way, though the error is low there"),
    Preset("Out of control", "spiral-dae-naive", None, ("arrows", "data", "fixed points"), "basins",
           "Fig. 3.7: the usual initialisation, and places far from the data that attract"),
    Preset("Mended by noise", "spiral-dae-mended", None, ("arrows", "data", "fixed points"), "basins",
           "The same start, with more noise for half of the examples"),
    Preset("Mixture", "mixture-dae", None, ("arrows", "streamlines"), "angle error",
           "Five Gaussians: where the network is wrong, and by how much"),
)  # fmt: skip


def presets() -> None:
    """A button for each."""
    here = {run.id for run in Store.default().runs()}
    with st.container(horizontal=True, gap="small", key="presets"):
        for preset in PRESETS:
            if preset.run in here:
                st.button(
                    preset.title, key=f"preset-{preset.title}", type="tertiary", help=preset.what, on_click=_show,
                    args=(preset,), icon=":material/image:",
                )  # fmt: skip


def _show(preset: Preset) -> None:
    choose(preset.run)
    address.write("box", preset.box)
    address.write("at", None)
    st.session_state.update({"over": list(preset.over), "behind": preset.behind, "of-run": "Trained"})
