"""Which training the page shows: the one that was requested last, else the one that runs, else the last result."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from latentlab import data
from latentlab.jobs import queue
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.job import Job
from latentlab.runs.run import labels
from latentlab.runs.store import Store
from latentlab.settings import is_read_only
from latentlab.subjects import DataOnly, StoredRun, stored
from pages.navigation import SWEEPS, TRAIN
from pages.shared import training_view, url_state
from pages.shared.deletion import undo
from pages.shared.example_view import appearance_of, show
from pages.shared.header import CHOSEN, PICKED, say_not_here
from pages.shared.own_data import outline, wished_data
from pages.shared.text import plain
from pages.shared.visit import Slot
from pages.train.new_training import fill

N_EXAMPLES = 24  # of data that nothing was trained on yet
PICKED_TRAINING: Slot[bool] = Slot("training-picked")  # the widget, not the address, chose what is shown


def trainings(store: Store) -> dict[str, Job]:
    """Those that aren't finished, oldest first, without those that are about to be discarded."""
    return {job.id: job for job in queue.jobs(store) if not queue.is_discarded(store, job.id)}


def chosen_training(store: Store, unfinished: Mapping[str, Job]) -> str | None:
    """The id of the training that is shown; says at the top of the page that the one of a link isn't here.

    The address keeps a request that can't be met until another training is picked.
    """
    picked, finished = PICKED.get() if PICKED_TRAINING.pop() else None, _finished()
    missed = ""
    if picked not in unfinished and picked not in finished:
        requests = [one for one in (url_state.read("job"), url_state.read("run")) if one]
        picked = next((one for one in requests if one in unfinished or one in finished), None)
        lost = (one for one in requests if not _was_discarded(store, one))
        missed = "" if picked else next(lost, "")
    chosen = picked or _good(store, unfinished, finished)
    if missed:
        title = finished[chosen].title if chosen in finished else unfinished[chosen].title if chosen else ""
        say_not_here(missed, title)
    else:
        url_state.write("job", chosen if chosen in unfinished else None)
        url_state.write("run", chosen if chosen in finished else None)
    return chosen


def dataset_of(chosen: str | None, unfinished: Mapping[str, Job]) -> str:
    """The name of the data of a training; empty for none."""
    training = unfinished.get(chosen or "") or _finished().get(chosen or "")
    return training.dataset if training else ""


def shown(store: Store, unfinished: Mapping[str, Job], chosen: str | None) -> None:
    """Draw the control that chooses a training, and the training."""
    finished = _finished()
    undo()
    named = labels([*unfinished.values(), *finished.values()])
    if not named:
        st.info("Start a training: its curves and pictures appear here.", icon=":material/show_chart:")
        return
    if chosen is None:
        PICKED.forget()
    else:
        PICKED.set(chosen)
    st.selectbox(
        "Training",
        list(named),
        None,
        format_func=lambda one: f"{named[one]} · not finished yet" if one in unfinished else named[one],
        placeholder="Trainings of other data",
        key=PICKED.name,
        on_change=PICKED_TRAINING.set,
        args=(True,),
    )
    if chosen is None:
        _data(wished_data())
        return
    if chosen in unfinished:
        training_view.watch(store, unfinished[chosen])
        return
    CHOSEN.set(chosen)
    run = finished[chosen].run
    training_view.finished(finished[chosen])
    if is_read_only():
        return
    known = data.names()
    st.button(
        "Train again with changes", "again", None if run.dataset in known else f"{run.dataset} isn't here any more",
        fill, (run.model, run.dataset, run.config, run.train), icon=":material/replay:",
        disabled=run.dataset not in known,
    )  # fmt: skip


def others(store: Store, unfinished: Mapping[str, Job]) -> None:
    """A line for each training that isn't finished and isn't shown: how far it is, and what can be done with it.

    Those of sweeps are counted: they have a page of their own.
    """
    swept = {run_id for sweep in sweeps.sweeps(store) for run_id in sweep.runs}
    rest = [job for job in unfinished.values() if job.id != url_state.read("job")]
    if n := sum(job.id in swept for job in rest):
        SWEEPS.link(f"{n} training{'s' if n > 1 else ''} of sweeps")
    if rest := [job for job in rest if job.id not in swept]:
        st.subheader("Other trainings", anchor=False)
        live = any(queue.status(store, job.id).is_live for job in rest)
        st.fragment(_lines, run_every=training_view.EVERY if live else None)(store, rest)


def _lines(store: Store, jobs: list[Job]) -> None:
    for job in jobs:
        status = queue.status(store, job.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(training_view.line(job, status), width="stretch")
            if 0 < status.fraction < 1:
                st.progress(status.fraction, width=160)
            if st.button("Open", f"open-{job.id}", icon=":material/open_in_new:"):
                url_state.write("job", job.id)
                st.rerun()
            training_view.orders(store, job.id, status, job.id)


def _finished() -> dict[str, StoredRun]:
    return {run.id: run for run in stored() if isinstance(run, StoredRun)}


def _data(name: str) -> None:
    """The user's own data, before anything was trained on them."""
    st.markdown(f"**{plain(name)}**: {outline(name)}")
    st.caption("Nothing was trained on these data yet. Start a training: its curves and pictures appear here.")
    try:
        examples = data.load(name).train[:N_EXAMPLES].batch().x
    except data.DataError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    show(appearance_of(DataOnly(name)), examples, N_EXAMPLES // 2, f"The first examples of {name}")


def _good(store: Store, unfinished: Mapping[str, Job], finished: Mapping[str, StoredRun]) -> str | None:
    """The training that runs, else what was chosen before, else the last result; of data that are wished for alone."""
    live = (job_id for job_id in unfinished if queue.status(store, job_id).is_live)
    own = (run_id for run_id in finished if not store.is_shipped(run_id))
    usual = (*live, CHOSEN.get(), *own, TRAIN.first, *finished)
    of = {job_id: job.dataset for job_id, job in unfinished.items()}
    of |= {run_id: run.dataset for run_id, run in finished.items()}
    wished = wished_data()
    return next((one for one in usual if one in of and (not wished or of[one] == wished)), None)


def _was_discarded(store: Store, job_id: str) -> bool:
    return queue.is_discarded(store, job_id) or job_id in (deleted.name for deleted in store.trash.contents())
