"""A training while it runs: progress, controls, curves, and reconstructions of a few examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from latentlab.analysis.box import Box
from latentlab.analysis.preview import Preview
from latentlab.analysis.score.field import Field
from latentlab.data import DENSITIES, NAMES, UNLABELLED, is_local
from latentlab.figures.examples.appearance import Appearance
from latentlab.figures.probes.curve import training_figure
from latentlab.figures.samples import samples_over_examples
from latentlab.figures.score.field import add_arrows, plane
from latentlab.figures.training_curves import BaselineErrors, History, training_curves
from latentlab.jobs import queue
from latentlab.jobs.job import Job
from latentlab.jobs.queue import Order, Status
from latentlab.jobs.reporting import last_preview
from latentlab.jobs.sweep_engines import ensure_workers
from latentlab.knobs import from_dict, knobs
from latentlab.models import Decodes, Denoises
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import is_read_only
from latentlab.subjects import DataOnly, StoredRun
from latentlab.training.config import TrainConfig, training_knobs
from pages.navigation import SCORE_FIELD, TRAVERSAL
from pages.shared import cached, deletion
from pages.shared.deletion import delete_button
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.knob_form import label
from pages.shared.running_training import time_left
from pages.shared.text import plain
from pages.shared.training_space import Subject, draw_codes, draw_surface, of_job, of_run
from pages.shared.verdicts import say_bottleneck, say_reconstructions, say_training

ALWAYS = ("z_dim", "epochs")  # knobs that are said whatever they are
EVERY = 1.0  # seconds between two looks at a training
SHOWN = {
    "queued": ("schedule", "waits for its turn"),
    "loading": ("hourglass_top", "loads the data"),
    "running": ("play_arrow", "trains"),
    "paused": ("pause", "paused"),
    "failed": ("error", "failed"),
    "interrupted": ("bolt", "interrupted"),
}


def start_worker(store: Store) -> None:
    """Let the jobs that wait be trained, or say why they can't be; an app for looking only leaves that to others."""
    if is_read_only():
        return
    try:
        ensure_workers(store)
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")


def watch(store: Store, job: Job) -> None:
    """A training that isn't finished; looks again every second while it moves."""
    live = queue.status(store, job.id).is_live
    st.fragment(_training, run_every=EVERY if live else None)(store, job, live)


def finished(trained: StoredRun) -> None:
    """A training that is: its curves and its last pictures."""
    run, store = trained.run, trained.store
    minutes, seconds = divmod(round(run.seconds), 60)
    took = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    history = store.history(run.id)
    st.markdown(f"**{plain(run.title)}** · {run.steps:,} steps in {took} · {run.size:,} parameters")
    st.caption(" · ".join([*_stopped(run, history), *settings(run)]))
    say_training(run, history)
    say_bottleneck(trained)
    preview = cached.run_preview(trained)
    pictures(of_run(run), history, preview, store.baselines(run.id), appearance_of(trained))
    say_reconstructions(trained)
    probes(store, run.id)
    if trained.has(Decodes) and run.dataset not in DENSITIES:
        TRAVERSAL.link("Traverse it", run=run.id)
    if trained.has(Denoises):
        SCORE_FIELD.link("See its field", run=run.id)


def settings(run: Run) -> list[str]:
    """Its knobs as a person reads them: those that a form has in sight, and those that aren't as usual."""
    model, train = from_dict(run.kind.Config, run.config), from_dict(TrainConfig, run.train)
    found = []
    for config, declared in ((model, knobs(run.kind.Config)), (train, training_knobs(run.kind))):
        for knob in declared:
            value = getattr(config, knob.name)
            if knob.name in ALWAYS or value != knob.default:
                shown = f"{value:g}" if isinstance(value, float) else str(value)
                found.append(label(knob.name) if value is True else f"{label(knob.name)} {shown}")
    return [f"{run.kind.title} on {plain(run.dataset)}", *found]


def _stopped(run: Run, history: History) -> list[str]:
    """That it was stopped before its end, if it was."""
    epochs, last = run.train.get("epochs"), history[-1].get("epoch") if history else None
    if run.train.get("patience") or not isinstance(epochs, int) or last is None or last >= epochs:
        return []
    return [f"stopped after {last:.3g} of {epochs:,} epochs, and saved"]


def pictures(
    subject: Subject,
    history: History,
    preview: Preview | None,
    baselines: BaselineErrors,
    drawn: Appearance | None,
) -> None:
    """The curves, over the latent space beside the plane or the examples, which are as `drawn`."""
    known = {**subject.kind.units, **subject.kind.set_units}
    reported = {name.removeprefix("valid_") for row in history for name in row}
    if units := {term: unit for term, unit in known.items() if term in reported}:
        curves = training_curves(history, units, look(), baselines=baselines)
        for place, (term, curve) in zip(st.columns(len(curves), gap="small"), curves.items(), strict=True):
            figure(curve, f"The {term} over the epochs", f"curve-{term}", place)
        same = "; horizontal lines: classifiers fitted to the same labels alone" if baselines else ""
        st.caption(f"Thin lines: while training; dots: held-out examples{same}")
    if preview is None or drawn is None:
        return
    if preview.codes is None:
        draw_surface(subject, preview)
        images(preview, drawn, subject.classes)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        draw_codes(subject, preview)
    with right:
        draw_surface(subject, preview)
        images(preview, drawn, subject.classes)


def images(preview: Preview, drawn: Appearance, classes: Sequence[str]) -> None:
    """Reconstructions of a few examples, their classes and draws: sheets of them, or arrows in the plane."""
    if preview.field is not None and preview.box is not None:
        n, box = len(preview.field), Box(*map(float, preview.box))
        x, y = (np.linspace(*ends, n, dtype=np.float32) for ends in (box.x, box.y))
        arrows = plane(field := Field(x, y, preview.field, 0.0), box, look(), height=420)
        add_arrows(arrows, field, look())
        figure(arrows, "Where the network moves each point", "field")
    if preview.spoilt is not None and preview.reconstructions is not None:
        st.caption("Held-out examples, corrupted and denoised")
        rows = [*preview.examples, *preview.spoilt, *preview.reconstructions]
        show(drawn, np.stack(rows), len(preview.examples), "Held-out examples, corrupted, and denoised")
    elif preview.reconstructions is not None:
        st.caption("Held-out examples, and their reconstructions beneath")
        pairs = [*preview.examples, *preview.reconstructions]
        show(drawn, np.stack(pairs), len(preview.examples), "Held-out examples over their reconstructions")
    if preview.drawn is not None and preview.points is not None:
        st.caption("Samples over held-out examples, always from the same random codes: see them improve")
        figure(samples_over_examples(preview.points, preview.drawn, look()), "Samples over held-out examples", "drawn")
    if preview.samples is not None:
        st.caption("Samples, always from the same random codes: see them improve")
        show(drawn, preview.samples, 12, "Samples")
    if preview.predictions is not None:
        named = list(zip(preview.predictions, preview.labels, strict=True))
        st.caption(f"Held-out examples: {sum(k == y for k, y in named)} of {len(named)} classified correctly")
        show(drawn, preview.examples, len(named), "Held-out examples")
        called = {k: plain(name) for k, name in enumerate(classes)} | {UNLABELLED: "unknown"}
        words = [called[k] if k == y else f":red[{called[k]}, it is {called[y]}]" for k, y in named]
        st.markdown("named " + (" " if max(map(len, classes)) == 1 else ", ").join(words))


def probes(store: Store, run_id: str) -> None:
    """The error of a probe at each layer after each epoch, if the training measured it."""
    rows = store.probes(run_id)
    if rows:
        st.caption(f"Held-out error of a linear probe of the class at each layer, now {_range(rows[-1])}; blue is none")
        figure(training_figure(rows, look()), "Probe errors by layer over the epochs", "probes")


def _range(row: Mapping[str, float]) -> str:
    errors = {name: error for name, error in row.items() if name != "epoch"}
    best = min(errors, key=errors.__getitem__)
    return f"{errors[best]:.1%} at best ({best})"


def line(job: Job, status: Status) -> str:
    """A job and its state, in one line."""
    icon, words = SHOWN.get(status.state, ("check", status.state))
    return f":material/{icon}: **{plain(job.title)}** {words}"


def orders(store: Store, job_id: str, status: Status, key: str) -> None:
    """The buttons that a state allows; none in an app for looking only."""
    if is_read_only():
        return
    with st.container(horizontal=True, gap="small"):
        if status.state in ("running", "queued"):
            _order("Pause", "pause", store, job_id, key)
        stopped = status.state in ("paused", "failed", "interrupted")
        if stopped and st.button("Resume", key=f"resume-{key}", icon=":material/play_arrow:", type="primary"):
            try:
                queue.resume(store, job_id)
            except RunError as error:
                st.toast(plain(str(error)))
            start_worker(store)
            st.rerun()
        if status.step:
            _order("Stop and save", "stop", store, job_id, key)
        delete_button([deletion.run(store, job_id, queue.read(store, job_id).title)], "Discard")


def _order(text: str, what: Order, store: Store, job_id: str, key: str) -> None:
    if st.button(text, key=f"{what}-{key}", icon=f":material/{what}:"):
        try:
            queue.order(store, job_id, what)
        except RunError as error:
            st.toast(plain(str(error)))
        start_worker(store)
        st.rerun()


def _training(store: Store, job: Job, was_live: bool) -> None:
    status = queue.status(store, job.id)
    if status.is_live != was_live:
        st.rerun()
    start_worker(store)  # the last one may have gone home just as this job was queued
    st.markdown(line(job, status))
    st.progress(status.fraction, text=_progress(store, status))
    if status.is_live and (why := store.obstacle()):
        st.warning(why, icon=":material/hard_drive:")
    if status.message and not status.is_live:
        st.warning(plain(status.message), icon=":material/info:")
    if status.state == "failed" and job.dataset in NAMES and not is_local(job.dataset):
        st.info("Digits need no download: choose them to carry on.", icon=":material/wifi_off:")
    orders(store, job.id, status, "watched")
    history = store.history(job.id)
    if not history:
        st.caption("Curves and pictures appear with the first steps.")
    pictures(of_job(job), history, last_preview(store, job.id), store.baselines(job.id), _drawn(job))
    probes(store, job.id)


def _drawn(job: Job) -> Appearance | None:
    """How the examples of a training are drawn; None where its data are gone."""
    return appearance_of(DataOnly(job.dataset)) if is_local(job.dataset) else None


def _progress(store: Store, status: Status) -> str:
    if status.state in ("queued", "loading"):
        busy = any(queue.status(store, job.id).state in ("loading", "running") for job in queue.jobs(store))
        return status.message or ("It starts as soon as the training before it is done." if busy else "Starting …")
    text = f"{status.step:,} of {status.n_steps:,} steps"
    if not status.is_live:
        return text if status.n_steps else "No step was made."
    text += f" · {status.images_per_second:,.0f} examples/s"
    left = time_left(status)
    return f"{text} · {left}" if left else text
