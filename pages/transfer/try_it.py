"""The form of a new head: a trunk, data, labels; it is trained as any other training is, and shown beneath."""

from __future__ import annotations

from typing import Any

import streamlit as st

from latentlab import data
from latentlab.data import DataError, Kind
from latentlab.experiments import transfer
from latentlab.jobs import queue
from latentlab.models import MODELS, HasFeatures, HasTrunk
from latentlab.models.trunks import LITE0
from latentlab.runs import lite0_file
from latentlab.runs.run import labels
from latentlab.runs.store import Store
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.subjects import StoredRun, stored
from pages.navigation import TRAIN
from pages.shared import cached, url_state
from pages.shared.linked_choice import linked_choice
from pages.shared.start_training import start_training
from pages.shared.text import plain
from pages.shared.training_view import finished, start_worker, watch
from pages.shared.visit import Slot
from pages.transfer.own_network import ask, draw_own, is_own, own_networks

WAYS: dict[str, dict[str, Any]] = {  # what happens to the trunk -> knobs
    "frozen": {"tune": False}, "fine-tuned": {"tune": True}, "from scratch": {"tune": True, "weights": "random"},
}  # fmt: skip
TRUNK: Slot[str] = Slot("trunk")
DATASET: Slot[str] = Slot("transfer-data")
EPOCHS = 50


def try_it(store: Store) -> None:
    """Draw the form, and the training that was started with it."""
    start_worker(store)
    form, shown = st.columns([1, 2], gap="large")
    own = ""
    with form:
        if is_read_only():
            st.info(FOR_LOOKING, icon=":material/visibility:")
        else:
            own = _form(store)
    with shown:
        if own:
            draw_own(own)
        else:
            _shown(store)


def _form(store: Store) -> str:
    """Draw it; returns the id of a network of the user's own, if that is the trunk."""
    trunks, names = _trunks(), _labelled_images()
    if not trunks or not names:
        st.info("There is no classifier of images to start from, or there are no labelled images.")
        TRAIN.link("Train a classifier", model="cnn")
        return ""
    _settle(TRUNK, list(trunks), transfer.SMALL)
    trunk = str(st.selectbox("Trunk", list(trunks), format_func=trunks.__getitem__, key=TRUNK.name))
    if LITE0 not in trunks:
        st.caption(plain(lite0_file.MISSING))
    _settle(DATASET, names, transfer.DATA)
    dataset = str(st.selectbox("Data", names, key=DATASET.name))
    n = int(st.number_input("Labels", 0, 1_000_000, 70, key="transfer-labels", help="as many of each class; 0: all"))
    if is_own(trunk):
        ask(trunk, dataset, n)
        return trunk
    way = linked_choice("The trunk is", tuple(WAYS), "frozen", "way")
    epochs = int(st.number_input("Epochs", 1, 10_000, EPOCHS, key="transfer-epochs"))
    side = 0
    if trunk == LITE0:
        side = int(st.number_input("Pixels a side", 0, 512, 0, key="transfer-side", help="0: 96"))
    config: dict[str, Any] = {"trunk": trunk, "side": side, **WAYS[way]}
    train: dict[str, Any] = {"labels": n, "epochs": epochs, "batch_size": transfer.BATCH}
    train["learning_rate"] = transfer.RATES[config["tune"]]
    title = f"{trunks[trunk]}, {way}, on {dataset}"[:80]

    def submit() -> None:
        url_state.write("job", queue.submit(store, transfer.MODEL, dataset, config, train, title))

    if st.button("Train the head", key="transfer", type="primary", icon=":material/play_arrow:", width="stretch"):
        start_training(store, submit, trunk, dataset, way, n, epochs, side)
    return ""


def _settle(slot: Slot[str], options: list[str], usual: str) -> None:
    """Let a widget show the usual option until another is chosen, and when that is gone."""
    if slot.get() not in options:
        slot.set(usual if usual in options else options[0])


def _trunks() -> dict[str, str]:
    """Id -> title of the runs that can be a trunk, Lite0 where its parameters are there, and the user's networks."""
    runs = [run for run in stored(HasFeatures) if run.spec.kind is Kind.IMAGE and not run.has(HasTrunk)]
    lite0 = {LITE0: "Lite0 (ImageNet)"} if lite0_file.path().is_file() else {}
    return labels([*runs, *own_networks()]) | lite0


def _labelled_images() -> list[str]:
    """The names of data that a head can learn."""
    found = []
    for name in data.names():
        try:
            spec = data.spec_of(name)
        except DataError:
            continue
        if spec.kind in MODELS[transfer.MODEL].kinds and spec.n_classes > 1:
            found.append(name)
    return found


def _shown(store: Store) -> None:
    """The training of the address, or the last one of this kind."""
    unfinished = {job.id: job for job in queue.jobs(store) if job.model == transfer.MODEL}
    runs = {run.id: run for run in stored(HasTrunk) if isinstance(run, StoredRun)}
    requested = url_state.read("job")
    chosen = requested if requested in {*unfinished, *runs} else next(iter([*unfinished, *runs]), None)
    if chosen is None:
        st.caption("Train a head: its curves appear here, and its accuracy in the picture.")
    elif chosen in unfinished:
        watch(store, unfinished[chosen])
    else:
        finished(runs[chosen])
        test, model = runs[chosen].metrics, cached.model(runs[chosen])
        right = f"Test accuracy **{1 - test['error']:.1%}** · " if "error" in test else ""
        frozen = model.n_frozen if isinstance(model, HasTrunk) else 0
        st.markdown(f"{right}{model.size:,} trainable parameters, {frozen:,} frozen numbers")
        TRAIN.link("Train again with changes", run=chosen)
