"""Both kinds of subject give what the store and the data hold, and say what they lack."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from latentlab.data import load
from latentlab.models import Classifies, Decodes, Encodes
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.subjects import DataOnly, StoredRun, Subject
from latentlab.subjects.data_only import local
from tests.runs.test_store import DATA, saved


def run_of(store: Store, model: str = "vae") -> StoredRun:
    saved(store, model=model)
    return StoredRun(store.read("one"), store)


def test_a_stored_run_gives_what_the_store_holds(store: Store) -> None:
    subject = run_of(store)
    assert torch.equal(subject.examples().x, DATA.x)
    expected = store.load("one").state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in subject.model().state_dict().items())
    assert subject.snapshots == (0,)
    untrained = store.load("one", 0).state_dict()
    assert all(torch.equal(value, untrained[name]) for name, value in subject.model(0).state_dict().items())
    assert (subject.spec, subject.shape, subject.classes) == (subject.run.spec, (1, 8, 8), subject.run.classes)


def test_abilities_are_those_of_the_model(store: Store) -> None:
    subject = run_of(store, "cnn")
    assert subject.has(Classifies)
    assert subject.has(Decodes, Classifies)
    assert not subject.has(Decodes, Encodes)
    assert subject.has()


def test_a_renamed_run_is_the_same_subject_and_a_new_one_is_another(store: Store) -> None:
    before = run_of(store)
    store.rename("one", "Another name")
    after = StoredRun(store.read("one"), store)
    assert before.key == after.key
    assert before.title != after.title
    retrained = StoredRun(dataclasses.replace(after.run, created="2027-01-01T00:00:00+00:00"), store)
    assert retrained.key != after.key


def test_data_alone_are_a_subject_without_a_model() -> None:
    subject: Subject = DataOnly("digits")
    assert torch.equal(subject.examples().x, load("digits").test.x)
    assert subject.spec == load("digits").test.spec
    assert subject.classes == tuple("0123456789")
    assert not subject.has()
    assert not subject.has(Encodes)
    assert subject.snapshots == ()
    with pytest.raises(RunError, match="digits"):
        subject.model()


def test_data_on_this_machine_are_subjects_and_no_run_has_their_id() -> None:
    found = {subject.name: subject for subject in local()}
    assert {"digits", "moons"} <= found.keys()
    assert found["digits"].id == "data:digits"
    with pytest.raises(RunError):
        Store.default().folder(found["digits"].id)
