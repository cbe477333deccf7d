"""The form of a new sweep over one or two knobs; its trainings join the queue."""

from __future__ import annotations

import math

import streamlit as st

from latentlab import data
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.sweep import MOST_SEEDS
from latentlab.knobs import Knob, KnobError, Value
from latentlab.models import FIRST, MODELS
from latentlab.runs.store import Store
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.training.config import training_knobs
from pages.shared.knob_form import kind_of_model, label
from pages.shared.own_data import first_epochs, knobs_of, models_of
from pages.shared.start_training import start_training
from pages.shared.text import plain
from pages.shared.visit import Slot
from pages.sweeps.shown import link

NONE = ""  # no second knob
MODEL: Slot[str] = Slot("sweep-model")
FIRST_KNOB: Slot[str] = Slot("sweep-first")
SECOND_KNOB: Slot[str] = Slot("sweep-second")
NOT_VARIED = ("seed", "epochs", "snapshots", "probes", "labels", "diverse_labels")


def new_sweep(store: Store) -> None:
    """Draw the form and its button, which queues the trainings and shows them."""
    if is_read_only():
        st.info(FOR_LOOKING, icon=":material/visibility:")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        dataset = str(st.selectbox("Data", data.names(), _place("digits"), key="sweep-data"))
        model = _choose_model(dataset)
    declared = {one.name: one for one in (*knobs_of(model, dataset), *training_knobs(MODELS[model]))}
    epochs = declared.pop("epochs", None)
    varied = {name: one for name, one in declared.items() if name not in NOT_VARIED}
    with right:
        n_seeds = int(st.number_input("Seeds", 1, MOST_SEEDS, 3, key="sweep-seeds", help="trainings of each setting"))
        n_epochs = 0
        if epochs is not None:
            n_epochs = int(st.number_input("Epochs", 1, 10_000, first_epochs(dataset), key=f"sweep-epochs-{dataset}"))
    grid: dict[str, tuple[Value, ...]] = {}
    wrong = list[str]()
    with left:
        first = _choose_knob("Knob", list(varied), FIRST_KNOB)
        _read(varied[first], grid, wrong)
    with right:
        second = _choose_knob("Second knob", [NONE, *(name for name in varied if name != first)], SECOND_KNOB)
        if second:
            _read(varied[second], grid, wrong)
    n = n_seeds * math.prod(len(values) for values in grid.values())
    st.caption(f"{n} trainings, one after the other; the command `latentlab sweep` trains several at once.")
    for why in wrong:
        st.error(plain(why))
    train: dict[str, Value] = {"epochs": n_epochs} if epochs is not None else {}

    def submit() -> None:
        link(sweeps.go_on(store, sweeps.plan(model, dataset, grid, n_seeds, {}, train)))

    go = st.button("Start sweep", key="start-sweep", type="primary", icon=":material/play_arrow:", width="stretch")
    if go and not wrong:
        start_training(store, submit, model, dataset, grid, n_seeds, train)


def _place(name: str) -> int:
    return data.names().index(name)


def _choose_model(dataset: str) -> str:
    names = models_of(dataset)
    MODEL.settle(names, FIRST if FIRST in names else None)
    chosen: str = st.selectbox(
        "Kind of model", names, names.index(FIRST) if FIRST in names else 0, format_func=kind_of_model, key=MODEL.name
    )
    return chosen


def _choose_knob(text: str, names: list[str], slot: Slot[str]) -> str:
    slot.settle(names)
    chosen: str = st.selectbox(text, names, format_func=lambda one: label(one) if one else "none", key=slot.name)
    return chosen


def _read(knob: Knob, grid: dict[str, tuple[Value, ...]], wrong: list[str]) -> None:
    """Draw the field of a knob's values and read them into the grid, or say what is wrong with them."""
    shown = f" ({knob.low:g} to {knob.high:g})" if knob.low is not None and knob.high is not None else ""
    text = st.text_input(
        f"Values of {label(knob.name)}", _usual(knob), key=f"sweep-values-{knob.name}", max_chars=200,
        help=f"{knob.help}{shown}; separated by commas",
    )  # fmt: skip
    try:
        grid[knob.name] = tuple(knob.parse(part.strip()) for part in text.split(",") if part.strip())
    except KnobError as error:
        wrong.append(str(error))


def _usual(knob: Knob) -> str:
    """Values to begin with: the default and some near it, or all choices."""
    if knob.choices:
        return ", ".join(knob.choices)
    if knob.type is bool:
        return "false, true"
    if isinstance(knob.default, str):
        return knob.default
    high = knob.default * 4 if knob.high is None else knob.high
    near = [by * knob.default for by in (1, 2, 4)] if knob.default else [knob.default, high / 10]
    kept = [knob.type(one) for one in near if one <= high]
    return ", ".join(dict.fromkeys(f"{one:g}" if isinstance(one, float) else str(one) for one in kept))
