"""Questions of the visitor's own: a selection on the map, or a column of a table, as a CSV with the examples' index."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.own_labels import LabelError, OwnLabels, read_labels
from latentlab.data import Dataset, is_local, load
from latentlab.runs import Run
from pages.ui import cache

PREFIX = "own "  # of a target that comes from a file: "own <digest> <question>"
MOST = 16  # files that are kept for all visitors


def upload() -> None:
    """Let the visitor give a file; from the next run on its questions are among the targets."""
    given = st.file_uploader(
        "Ask about your own groups", "csv", key="own-labels",
        help="A CSV with a column “index”: a selection saved on the page Clusters, or your own table of the examples",
    )  # fmt: skip
    if given is None:
        return
    content = given.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:8]
    if digest in _files():
        if st.session_state.get("own-digest") != digest:
            st.session_state["own-digest"] = digest
            st.rerun()
        return
    try:
        found = read_labels(content)
    except LabelError as error:
        st.error(str(error))
        return
    while len(_files()) >= MOST:
        _files().pop(next(iter(_files())))
    _files()[digest] = found
    st.session_state["own-digest"] = digest
    st.rerun()


def own_targets() -> list[str]:
    """The questions of the file that the visitor gave."""
    digest = st.session_state.get("own-digest", "")
    return [f"{PREFIX}{digest} {name}" for name in _files()[digest].questions()] if digest in _files() else []


def shown(target: str) -> str:
    """A target as a person reads it."""
    return f"your file: {target[len(PREFIX) + 9 :]}" if target.startswith(PREFIX) else target


def own_question(run: Run, target: str) -> tuple[Dataset, np.ndarray, tuple[str, ...]]:
    """The examples that a file is about, in random order, their labels, and the names of the classes.

    Raises:
        LabelError: the file is gone, or lists examples that aren't here.
    """
    digest, _, name = target.removeprefix(PREFIX).partition(" ")
    if digest not in _files():
        raise LabelError("The file behind this question is gone; give it again.")
    found = _files()[digest]
    data = _examples(run, found)
    labels, names = found.labels(name, len(data))
    order = np.random.default_rng(0).permutation(len(data))
    return data[torch.from_numpy(order)], labels[order], names


def _examples(run: Run, found: OwnLabels) -> Dataset:
    """The test examples whose classes are those of the file, where it has any: those kept with the run, else all."""
    kept = cache.examples(run)
    said, fits = found.columns.get("class"), len(found.index) > 0 and int(found.index.max()) < len(kept)
    if said is not None and fits:
        classes = [run.classes[k] if k >= 0 else "no class" for k in kept.y[torch.from_numpy(found.index)].tolist()]
        fits = list(said) == classes
    return kept if fits or not is_local(run.dataset) else load(run.dataset).test


@st.cache_resource(max_entries=1, show_spinner=False)
def _files() -> dict[str, OwnLabels]:
    """What was given, by digest."""
    return {}
