"""A network of the user's own as a frozen trunk: its own process gives the features, and a head is fitted to them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from latentlab import data
from latentlab.analysis.probes.frozen_head import frozen_head
from latentlab.data import Kind
from latentlab.models import Classifies, Encodes
from latentlab.subjects import OWN, Subject, served
from pages.shared import cached
from pages.shared.background import Waiting, reason, run_task, show_tasks
from pages.shared.header import is_for_this_visit
from pages.shared.text import plain
from pages.shared.visit import Slot

REQUESTED: Slot[tuple[str, str, int]] = Slot("own-trunk")  # the network, the data, and how many labels


def is_own(trunk: str) -> bool:
    """Whether a trunk is a network of the user's own, and no run."""
    return trunk.startswith(OWN)


def own_networks() -> list[Subject]:
    """Those of this visit that classify or encode images."""
    return [
        one
        for one in served()
        if one.spec.kind is Kind.IMAGE and one.has(Classifies, Encodes) and is_for_this_visit(one)
    ]


def ask(trunk: str, dataset: str, labels: int) -> None:
    """Draw the button that requests a head."""
    st.caption("Its process stays in charge of it, so it is a frozen trunk: only the head is fitted, in seconds.")
    if st.button("Fit the head", key="transfer-own", type="primary", icon=":material/play_arrow:", width="stretch"):
        REQUESTED.set((trunk, dataset, labels))


def draw_own(trunk: str) -> None:
    """What the head on a network reaches, once it was requested."""
    requested = REQUESTED.get()
    subject = next((one for one in own_networks() if one.id == trunk), None)
    if subject is None or requested is None or requested[0] != trunk:
        st.caption("Fit a head: what it reaches appears here.")
        return
    _, dataset, labels = requested
    if not data.is_local(dataset):
        st.info(f"“{plain(dataset)}” isn't on this machine yet: train something on it first.")
        return
    splits = cached.splits(dataset)
    task = run_task(
        f"frozen head {subject.key} {dataset} {labels}",
        partial(frozen_head, cached.model(subject), subject.shape, splits, labels),
    )
    if task.error is not None:
        st.error(f"No head can be fitted to “{plain(subject.title)}”: {plain(reason(task.error))}")
    elif task.result is None:
        show_tasks([task], Waiting("Reading its features and fitting the head"), "The head can't be fitted")
    else:
        found, right = task.result, task.result.accuracy
        st.metric("Test accuracy", f"{right.value:.1%}", help="of 1,000 test examples at most")
        st.markdown(
            f"95 % interval {right.low:.1%} to {right.high:.1%}, with {found.n_train:,} labelled examples of "
            f"**{plain(dataset)}**. The head reads the {found.n_features:,} numbers of the layer "
            f"`{found.layer}`, and is logistic regression with the penalty that suits the validation examples."
        )
