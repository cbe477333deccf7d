"""Every page, with runs of data of the user's own: vectors, colour, no labels, one class, and data that are gone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from latentlab.data import Library
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from pages.traversal.live_explorer import marks
from tests.conftest import mentions
from tests.pages.conftest import Open
from tests.pages.test_every_page import FIRST, NO_SUBJECT, PAGES

pytestmark = pytest.mark.training

RNG = np.random.default_rng(0)
KINDS: dict[str, dict[str, Any]] = {
    "vectors": {"x": RNG.normal(5, 9, (40, 6)), "y": np.arange(40) % 3},
    "prime": {"x": RNG.normal(5, 9, (40, 7))},
    "one number": {"x": RNG.normal(5, 9, (40, 1)), "y": np.zeros(40, int)},
    "colour": {"x": RNG.integers(0, 256, (40, 3, 8, 20), np.uint8), "y": np.where(np.arange(40) < 30, 0, -1)},
    "ten": {"x": RNG.normal(5, 9, (10, 3)), "y": np.arange(10) % 2},
    "few": {"x": RNG.integers(0, 256, (4, 9, 5), np.uint8)},
}


def trained(store: Store, tmp_path: Path, kind: str) -> str:
    np.savez(tmp_path / "own.npz", **KINDS[kind])
    name = Library.default().add(tmp_path / "own.npz")
    job_id = queue.submit(store, "vae", name, {"hidden": 8, "z_dim": 3}, {"epochs": 1})
    list(perform(store, job_id))
    return job_id


NOT_FOR_VAES = (
    "score_field", "gsn", "few_labels", "layers", "pixels", "cluster_aware", "adversarial", "importance_sampling",
    "classifier",
)  # fmt: skip
VIEWS: list[tuple[str, dict[str, str]]] = [
    *((page, {}) for page in PAGES if page not in NO_SUBJECT),
    ("traversal", {"live": "false", "sheet": "Manifold"}),
    ("traversal", {"detail": "Paths"}),
    ("traversal", {"detail": "Diagnosis"}),
    ("clusters", {"detail": "How far to trust it", "colour": "kept neighbours"}),
    ("clusters", {"detail": "Classes", "deep": "true"}),
]


FEW: list[tuple[str, dict[str, str]]] = [("traversal", {"live": "false"}), ("train", {})]
CASES = [("ten", *where) for where in VIEWS] + [(kind, *where) for kind in KINDS if kind != "ten" for where in FEW]


@pytest.mark.parametrize(("kind", "page", "view"), CASES, ids=str)
def test_it_opens(opened: Open, app_store: Store, tmp_path: Path, kind: str, page: str, view: dict[str, str]) -> None:
    run_id = trained(app_store, tmp_path, kind)
    app = opened(page, run=run_id, **view)
    assert not app.exception, app.exception
    said = [error.value for error in app.error]
    assert not said or (page == "probes" and mentions(said[0], "classes"))  # the few that it fits are of one
    assert app.selectbox(key="picked").value == (run_id if page not in NOT_FOR_VAES else FIRST[page][0])


@pytest.mark.parametrize(
    ("classes", "letters"),
    [("0 1 2", "012"), ("cat dog", "cd"), ("class_0 class_1", "AB"), ("cat cow dog", "ABC"), ("", "")],
)
def test_a_class_is_marked_by_a_letter_of_its_own(classes: str, letters: str) -> None:
    assert marks(classes.split()) == list(letters)


def test_other_data_under_the_same_name_are_not_taken_for_the_runs_own(
    opened: Open, app_store: Store, tmp_path: Path
) -> None:
    run_id = trained(app_store, tmp_path, "vectors")
    shutil.rmtree(app_store.root / ".data")  # as in another folder of runs, into which this one was copied
    np.savez(tmp_path / "own.npz", **KINDS["colour"])
    assert Library.default().add(tmp_path / "own.npz") == "own"
    assert app_store.read(run_id).shape == (6,)
    for page, view in (("clusters", {}), ("traversal", {"detail": "Diagnosis"})):
        app = opened(page, run=run_id, **view)
        assert not app.exception, app.exception
        assert not app.error


@pytest.mark.parametrize("damaged", ["data.json", "arrays.safetensors"])
def test_data_that_are_damaged_are_a_sentence_or_left_out(
    opened: Open, app_store: Store, tmp_path: Path, damaged: str
) -> None:
    run_id = trained(app_store, tmp_path, "vectors")
    (app_store.root / ".data" / "own" / damaged).write_bytes(b"no")
    st.cache_resource.clear()
    for page in ("clusters", "train"):
        app = opened(page, run=run_id)
        assert not app.exception, app.exception
        assert len(app.error) <= 1
        assert all(mentions(error.value, "own", "arrays.safetensors") for error in app.error)
