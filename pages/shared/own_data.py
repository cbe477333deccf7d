"""Data of the user's own on several pages: chosen for a training, and opened where they can be shown."""

from __future__ import annotations

import streamlit as st

from latentlab import data, settings
from latentlab.data import DataError, Library
from latentlab.knobs import Knob, knobs
from latentlab.models import MODELS, knobs_for
from latentlab.subjects.data_only import PREFIX
from pages.navigation import CLUSTERS, TRAIN, YOUR_DATA
from pages.shared import url_state
from pages.shared.text import plain
from pages.shared.visit import Slot

STEPS = 1_500  # of a first training, so that something is to be seen
DATASET: Slot[str] = Slot("dataset")  # the widget that chooses the data of a training
SAVED: Slot[str] = Slot("saved-last")  # the data set that this visit saved last


def wished_data() -> str:
    """The user's own data that a training is wanted of: the address's, the saved, the first ones; empty for none."""
    wishes = (url_state.read("dataset"), SAVED.get(""), settings.first_data())
    first = next((name for name in wishes if name in data.names()), "")
    return "" if first in data.NAMES else first


def choose_data(of_shown: str = "") -> str:
    """The control that chooses the data of a training, the user's own among them, and the way to more.

    Args:
        of_shown: the data of the training that the page shows.
    """
    names = data.names()
    if DATASET.get() not in names:  # the page was just opened, or the data were removed
        own = of_shown if of_shown not in data.NAMES else ""
        wishes = (url_state.read("dataset"), own, SAVED.get(""), settings.first_data())
        DATASET.set(next((name for name in wishes if name in names), "digits"))
    chosen: str = st.selectbox("Data", names, key=DATASET.name)
    if about := data.about(chosen):
        st.caption(about)
    YOUR_DATA.link("Your own data")
    url_state.write("dataset", chosen)
    return chosen


def models_of(name: str) -> list[str]:
    """The models that can learn a data set; all, where it can't be read, which the start of a training says."""
    try:
        kinds = {data.spec_of(name).kind}
    except DataError:
        kinds = set()
    return [model for model, declared in MODELS.items() if kinds <= declared.kinds]


def knobs_of(model: str, name: str) -> tuple[Knob, ...]:
    """The knobs of a model that fit a data set; all, where it can't be read, which the start of a training says."""
    try:
        return knobs_for(model, data.spec_of(name).kind)
    except DataError:
        return knobs(MODELS[model].Config)


def first_epochs(name: str) -> int:
    """How long a first training is: 20 epochs, more where an epoch is short."""
    if name in data.NAMES:
        return 200 if name == "digits" else 20
    try:
        return min(500, max(20, STEPS * 128 // max(1, Library.default().card(name).n)))
    except DataError:
        return 20


def announce() -> None:
    """Say what the app was started with."""
    name = settings.first_data()
    if name in Library.default():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/database: Your data **{plain(name)}**: {outline(name)}")
            open_links(name)


def open_links(name: str) -> None:
    """Links to where a saved data set can be shown, and trained on unless the app is for looking only."""
    CLUSTERS.link("Map it", run=f"{PREFIX}{name}")
    if not settings.is_read_only():
        TRAIN.link("Train on it", dataset=name)


def outline(name: str) -> str:
    """What a saved data set is, in a line; or why it can't be read."""
    try:
        card = Library.default().card(name)
    except DataError as error:
        return plain(str(error))
    size = {
        1: "vectors of {:,}", 2: "series of {:,} times, {:,} numbers each", 3: "images of {2} × {1}",
    }[len(card.shape)].format(*card.shape)  # fmt: skip
    several = f", {len(card.classes)} classes" if len(card.classes) > 1 else ", one class"
    classes = several if card.classes else ", no labels"
    return f"{card.n:,} {size}{classes}, from {plain(card.source)}"
