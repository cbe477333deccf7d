"""The form of a new training; the address keeps what is chosen in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from latentlab import data
from latentlab.data.builtin.images import ADVICE
from latentlab.jobs import queue
from latentlab.jobs.job import suited_config
from latentlab.models import FIRST, MODELS
from latentlab.runs.store import Store
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.training.config import suited_training, training_knobs
from pages.shared import url_state
from pages.shared.knob_form import kind_of_model, knob_form
from pages.shared.own_data import DATASET, choose_data, first_epochs, knobs_of, models_of
from pages.shared.remember import remember
from pages.shared.start_training import start_training
from pages.shared.text import plain
from pages.shared.visit import Slot
from pages.train.duration import say_duration

IN_SIGHT = ("z_dim", "network", "epochs", "labels")
MODEL: Slot[str] = Slot("model")  # the widget that chooses it


def new_training(store: Store, of_shown: str) -> None:
    """Draw the form and its button, which queues the training and shows it; in an app for looking only, say so.

    Args:
        store: of the runs.
        of_shown: the data of the training that the page shows.
    """
    if is_read_only():
        st.info(FOR_LOOKING, icon=":material/visibility:")
        return
    dataset = choose_data(of_shown)
    model = _choose_model(dataset)
    declared, training = knobs_of(model, dataset), training_knobs(MODELS[model])
    start = {"epochs": first_epochs(dataset)} | _suited_training(model, dataset)
    form = f"{model}-{dataset}"
    suited = _suited(model, dataset)
    config = knob_form([k for k in declared if k.name in IN_SIGHT], form, suited, linked=True)
    train = knob_form([k for k in training if k.name in IN_SIGHT], form, start, linked=True)
    with st.popover("More settings", width="stretch"):
        st.markdown("**Model**")
        config |= knob_form([k for k in declared if k.name not in IN_SIGHT], form, suited | config, linked=True)
        st.markdown("**Training**")
        train |= knob_form([k for k in training if k.name not in IN_SIGHT], form, train, linked=True)
        placeholder = queue.default_title(model, dataset, config)
        title = st.text_input("Title", placeholder=placeholder, max_chars=80, key="title", bind="query-params")
    go = st.button("Start training", key="train", type="primary", icon=":material/play_arrow:", width="stretch")
    settings = (model, dataset, config, train, title)
    if go:
        start_training(store, lambda: url_state.write("job", queue.submit(store, *settings)), *settings)
    say_duration(model, dataset, config, train)
    if how := data.how_to_get(dataset):
        offline = "" if dataset in data.RECORDED else f" Offline, {plain(ADVICE)}; digits need no download."
        st.caption(f"{plain(dataset)} isn't on this machine yet; {plain(how)}.{offline}")


def _suited(model: str, dataset: str) -> dict[str, Any]:
    """The knobs that suit the data; none while these aren't here or can't be read, which isn't remembered."""
    try:
        return _suited_to_local(model, dataset) if data.is_local(dataset) else {}
    except data.DataError:  # which the start of a training says
        return {}


def _suited_training(model: str, dataset: str) -> dict[str, Any]:
    """The knobs of training that suit the data; none while these can't be read, which the start of a training says."""
    try:
        return suited_training(MODELS[model], data.spec_of(dataset))
    except data.DataError:
        return {}


@remember(64)
def _suited_to_local(model: str, dataset: str) -> dict[str, Any]:
    return suited_config(model, dataset)


def fill(model: str, dataset: str, *values: Mapping[str, object]) -> None:
    """Let the form show the settings of another training; call it before the form is drawn."""
    DATASET.set(dataset)
    MODEL.set(model)
    for name, value in (pair for each in values for pair in each.items()):
        Slot[object](f"{model}-{dataset}-{name}").set(value)


def _choose_model(dataset: str) -> str:
    """The control that chooses a model, of those that can learn the data."""
    names = models_of(dataset)
    if MODEL.get() not in names:  # the page was just opened, or other data were chosen
        wished = url_state.read("model")
        MODEL.set(wished if wished in names else FIRST)
    chosen: str = st.selectbox("Kind of model", names, format_func=kind_of_model, key=MODEL.name)
    url_state.write("model", chosen if chosen != FIRST else None)
    return chosen
