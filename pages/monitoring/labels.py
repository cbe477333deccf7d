"""Give the readings of an alarm a class, and let the model learn it: what was labelled, and the training on it."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from latentlab.analysis.monitoring.alarms import Alarm
from latentlab.data import Library
from latentlab.experiments.monitoring import new_classes
from latentlab.jobs import queue
from latentlab.runs import labelled
from latentlab.runs.labelled import AllLabelled, Labelled
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.subjects import StoredRun, Subject
from pages.monitoring.watched import Chosen, Own, Watched, clock
from pages.navigation import MONITORING, TRAIN
from pages.shared.running_training import time_left
from pages.shared.start_training import start_training
from pages.shared.text import plain
from pages.shared.training_view import start_worker
from pages.shared.visit import Slot

NAME: Slot[str | None] = Slot("new-class")
FAILED: Slot[str] = Slot("label-failed")  # why the last readings weren't labelled
EVERY = 1.0  # seconds between two looks at the training


def draw_labels(run: Subject, found: Watched, chosen: Chosen, alarm: Alarm | None) -> None:
    """The form for one alarm, what was labelled before, and the training; nothing where a run isn't stored here."""
    if not isinstance(run, StoredRun):
        return
    try:
        known = labelled.read(run.store, run.id)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if alarm is not None:
        _form(run, found, chosen, alarm, known)
    if known.pieces:
        _table(run, known)
    if known.training:
        _training(run.store, known.training)


def _form(run: StoredRun, found: Watched, chosen: Chosen, alarm: Alarm, known: AllLabelled) -> None:
    classes = list(dict.fromkeys([*run.classes, *(one.name for one in known.pieces)]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "What is it?", classes, None, key=NAME.name, accept_new_options=True, width=280,
            placeholder="choose or type a name", help="With a name for its readings, the model can learn it",
        )  # fmt: skip
        readings = found.stream.readings[alarm.start : alarm.end]
        readings = readings[np.isfinite(readings).reshape(len(readings), -1).all(1)]
        ends = " to ".join(clock(found.stream, [alarm.start, alarm.end - 1]))
        where = (
            chosen.name
            if isinstance(chosen, Own)
            else f"{chosen.fault}, {'day' if found.stream.is_day else 'row'} {chosen.place}"
        )
        why = FOR_LOOKING if is_read_only() else None
        st.button(
            f"Label these {len(readings):,} readings", "label", why, icon=":material/label:",
            disabled=bool(why or not name), on_click=_add,
            args=(run, Labelled(name or "", readings, f"{where}, {ends}")),
        )  # fmt: skip
    if message := FAILED.pop():
        st.error(plain(message), icon=":material/error:")


def _table(run: StoredRun, known: AllLabelled) -> None:
    rows = [{"class": one.name, "readings": len(one.readings), "from": one.text} for one in known.pieces]
    st.dataframe(rows, hide_index=True, alt="What was labelled")
    why = FOR_LOOKING if is_read_only() else None
    with st.container(horizontal=True):
        st.button("Undo", "label-undo", why or "Take the last row away", _undo, (run,), icon=":material/undo:",
                  disabled=bool(why))  # fmt: skip
        go = st.button("Train with these labels", "train-labels", why, type="primary", icon=":material/play_arrow:",
                       disabled=bool(why))  # fmt: skip
    if go:
        start_training(run.store, partial(_start, run), run.id, [(one.name, one.text) for one in known.pieces])


def _add(run: StoredRun, piece: Labelled) -> None:
    """Before the page runs again, so that the table has it."""
    try:
        labelled.add(run.store, run.id, piece)
    except RunError as error:
        FAILED.set(str(error))


def _start(run: StoredRun) -> None:
    new_classes.train_with_labels(run.store, Library.default(), run.id)


def _undo(run: StoredRun) -> None:
    try:
        labelled.undo(run.store, run.id)
    except RunError as error:
        FAILED.set(str(error))


def _training(store: Store, training: str) -> None:
    """How far the training with these labels is, and the run that came of it."""
    try:
        run = store.read(training)
    except RunError:
        _unfinished(store, training)
        return
    wrong = f", and is wrong about {run.metrics['error']:.0%} of test readings" if "error" in run.metrics else ""
    st.success(f"“{plain(run.title)}” knows {len(run.classes)} classes{wrong}.", icon=":material/check:")
    MONITORING.link("Watch with the new run", run=training)


def _unfinished(store: Store, training: str) -> None:
    if training not in (job.id for job in queue.jobs(store)):
        return
    status = queue.status(store, training)
    if status.is_live:
        st.fragment(partial(_wait, store, training), run_every=EVERY)()
    else:
        st.warning(plain(status.message) or f"The training is {status.state}.", icon=":material/info:")
        TRAIN.link("See the training", job=training)


def _wait(store: Store, training: str) -> None:
    status = queue.status(store, training)
    if not status.is_live:
        st.rerun()
    start_worker(store)
    left = time_left(status)
    st.progress(status.fraction, f"Training with these labels{f', {left}' if left else ''}")
    TRAIN.link("Watch it learn", job=training)
