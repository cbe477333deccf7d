"""Learning from few labels: how many, which model; then watch it, compared with plain classifiers of the same."""

from __future__ import annotations

from functools import partial

import streamlit as st

from latentlab import device
from latentlab.data import LabelUse, hide_labels, is_local
from latentlab.experiments.semi_supervised import BENCHMARKS, config_of
from latentlab.jobs import queue
from latentlab.knobs import knobs
from latentlab.models import MODELS
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.subjects import StoredRun
from latentlab.training.config import TrainConfig
from pages.navigation import FEW_LABELS
from pages.shared import cached, training_view, url_state
from pages.shared.linked_choice import linked_choice
from pages.shared.start_training import start_training

WATCHED = "learning"  # what the address calls the training that is watched
FIRST_MODEL = "adgm"
EPOCHS = {"mnist": 5}  # to begin with; elsewhere as many as in the benchmark
SECONDS = {"moons": 1.0, "digits": 0.3, "mnist": 28.0}  # for an epoch of the slowest model, measured on one core
HOW = "Which examples keep their label: diverse ones, typical of their class and far from each other; else random ones."
LABELS = {
    "moons": "Moons: 6 are 3 a moon, as in the paper; try 2, 20 and 100.",
    "digits": "Digits: 100 are 10 of each; try 20, 50 and 500.",
    "mnist": "MNIST: 100 are 10 of each, as in the papers; they also have 600, 1,000 and 3,000.",
}


def new_training(store: Store) -> None:
    """Draw the form and its button, which queues the training and shows it."""
    here = [name for name in BENCHMARKS if is_local(name)]
    models = [name for name, kind in MODELS.items() if kind.labels is LabelUse.OPTIONAL]
    bounds = {knob.name: knob for knob in knobs(TrainConfig)}
    st.markdown("**Watch one learn**")
    dataset = linked_choice("Train on", here, here[0], "few-data")
    start, key = BENCHMARKS[dataset], f"few-{dataset}"
    model = st.selectbox("With", models, models.index(FIRST_MODEL), key="few-model", bind="query-params")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = partial(st.number_input, width=130, bind="query-params")
        labels = number("Labels", 1, None, start.labels, key=f"{key}-labels", help=LABELS[dataset])
        first = EPOCHS.get(dataset, int(start.train["epochs"]))
        epochs = number("Epochs", 1, int(bounds["epochs"].high or 1), first, key=f"{key}-epochs")
        seed = number("Seed", 0, int(bounds["seed"].high or 0), 0, key="few-seed")
    diverse = st.toggle("Far apart", start.diverse_labels, key=f"{key}-diverse", help=HOW, bind="query-params")
    why = FOR_LOOKING if is_read_only() else None
    go = st.button(
        "Train", "few-start", why, type="primary", icon=":material/play_arrow:", width="stretch", disabled=bool(why)
    )  # fmt: skip
    st.caption(_about(dataset, int(epochs), diverse))
    train = {**start.train, "epochs": epochs, "labels": labels, "seed": seed, "diverse_labels": diverse}
    train["bf16"] = bool(train.get("bf16")) and device.has_fast_bf16(device.pick())
    title = f"{model} on {dataset}, {labels} labels"

    def submit() -> None:
        hide_labels(cached.splits(dataset).train, train["labels"], train["seed"])  # says if there are too few of them
        url_state.write(WATCHED, queue.submit(store, model, dataset, config_of(model, start), train, title))

    if go:
        start_training(store, submit, title, train)


def _about(dataset: str, epochs: int, diverse: bool) -> str:
    seconds, own = SECONDS[dataset] * epochs, BENCHMARKS[dataset]
    took = f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60):,} min"
    plural = "epochs take" if epochs != 1 else "epoch takes"
    which = "Diverse examples of each class keep their label" if diverse else "The seed draws whose label is kept"
    return f"{which}. {epochs} {plural} up to {took} on a free core; the table is of {own.train['epochs']}."


def watched(store: Store) -> bool:
    """Draw the training that the address names; returns whether it names one that is here."""
    requested = url_state.read(WATCHED)
    if not requested:
        return False
    job = next((job for job in queue.jobs(store) if job.id == requested), None)
    if job is not None:
        training_view.watch(store, job)
        return True
    try:
        run = store.read(requested)
    except RunError:  # it was discarded, or the link is of another machine
        url_state.write(WATCHED, None)
        return False
    st.markdown(_outcome(store, run))
    training_view.finished(StoredRun(run, store))
    FEW_LABELS.link("Open it here", run=run.id)
    return True


def _outcome(store: Store, run: Run) -> str:
    baselines = store.baselines(run.id)
    if "error" not in run.metrics:
        return ""
    error = f"Test error {run.metrics['error']:.1%} with {run.train.get('labels', 0):,} labels."
    if not {"linear", "mlp"} <= baselines.keys():
        return error
    return (
        f"{error} A linear classifier of the same labels has {baselines['linear']:.1%} on held-out examples, "
        f"an MLP {baselines['mlp']:.1%}."
    )
