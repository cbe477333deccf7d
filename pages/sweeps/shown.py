"""Which sweep the page shows: one of the user's own, or one that ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from latentlab.jobs import sweep as sweeps
from latentlab.jobs.sweep import Sweep
from latentlab.jobs.sweep_results import Measure, Trained, measures, scores_on_test, trained
from latentlab.models import MODELS
from latentlab.runs.store import Store
from pages.shared import url_state
from pages.shared.header import say_not_here
from pages.shared.visit import Slot

CHOSEN: Slot[str] = Slot("chosen-sweep")  # the widget that chooses it
PICKED: Slot[bool] = Slot("sweep-picked")  # the widget, not the address, chose it


@dataclass(frozen=True)
class Shown:
    """A sweep as the page shows it.

    Attributes:
        id: as the address calls it.
        title: what was varied, of what.
        dataset: the name of its data.
        model: the name of its model.
        measures: what its settings can be compared by.
        trained: by such a measure: what there is of it.
        test: the scores of one setting on the test split.
        sweep: its trainings, where they are runs of the store.
        command: what `latentlab reproduce` calls it, where it ships.
        about: what is to be known of it.
        published: of each setting the source's numbers by name; empty where there are none.
    """

    id: str
    title: str
    dataset: str
    model: str
    measures: Sequence[Measure]
    trained: Callable[[Measure], Trained]
    test: Callable[[int, Measure], list[float]]
    sweep: Sweep | None = None
    command: str = ""
    about: str = ""
    published: Sequence[Mapping[str, float | None]] = ()


def choose(store: Store, shipped: Sequence[Shown]) -> Shown | None:
    """Draw the control that chooses a sweep, of the store or of those that ship; None where there is none at all."""
    found = {one.id: one for one in [*map(partial(_stored, store), sweeps.sweeps(store)), *shipped]}
    if not found:
        return None
    requested = None if PICKED.pop() else url_state.read("sweep")
    if requested in found:
        CHOSEN.set(requested)
    elif CHOSEN.get() not in found:
        CHOSEN.set(next(iter(found)))
    chosen = st.selectbox(
        "Sweep", list(found), format_func=lambda one: found[one].title, key=CHOSEN.name, on_change=PICKED.set,
        args=(True,),
    )  # fmt: skip
    shown = found[chosen]
    if requested and requested not in found:
        say_not_here(requested, shown.title)
    else:
        url_state.write("sweep", shown.id)
    return shown


def link(sweep: Sweep) -> None:
    """Let the page show a sweep from now on."""
    url_state.write("sweep", sweep.id)
    PICKED.forget()


def _stored(store: Store, sweep: Sweep) -> Shown:
    return Shown(
        sweep.id,
        title_of(sweep.model, sweep.dataset, list(sweep.grid), len(sweep.seeds)),
        sweep.dataset,
        sweep.model,
        measures(MODELS[sweep.model]),
        partial(trained, store, sweep),
        partial(scores_on_test, store, sweep),
        sweep,
    )


def title_of(model: str, dataset: str, knobs: Sequence[str], n_seeds: int) -> str:
    """What was varied, of what."""
    return f"{model} of {dataset}: {' × '.join(knobs)}, {n_seeds} seed{'s' if n_seeds > 1 else ''}"
