"""Labelled readings: kept for a run that ships or not, bounded, and damaged ones are a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.runs.labelled import FOLDER, LONGEST, MOST, Labelled, add, given_to, read, undo
from latentlab.runs.store import Store
from latentlab.serialization import RunError

ROWS = np.array([[1.25, -3.0], [0.1, 1e-300]])


def test_they_come_back_to_the_bit_and_the_last_is_undone(store: Store) -> None:
    assert read(store, "one").pieces == ()
    add(store, "one", Labelled("  two  words ", ROWS, "day 1"))
    add(store, "one", Labelled("b", ROWS[:1]))
    given_to(store, "one", "a-run")
    found = read(store, "one")
    assert [(piece.name, piece.text) for piece in found.pieces] == [("two words", "day 1"), ("b", "")]
    assert (found.pieces[0].readings == ROWS).all()
    assert (found.n, found.training) == (3, "a-run")
    undo(store, "one")
    assert [piece.name for piece in read(store, "one").pieces] == ["two words"]
    assert read(store, "one").training == "a-run"
    assert read(store, "two").pieces == ()
    assert store.rows() == []


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("", ROWS), ("x" * (LONGEST + 1), ROWS), ("\ud800", ROWS), ("a", np.full((2, 2), np.nan)),
        ("a", np.zeros((0, 2))), ("a", np.zeros((MOST + 1, 2))), ("a", np.zeros((3, 1_000_000))),
    ],
)  # fmt: skip
def test_what_can_not_be_labelled_is_a_sentence_and_changes_nothing(
    store: Store, name: str, rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> None:
    with pytest.raises(RunError):
        add(store, "one", Labelled(name, rows))
    assert read(store, "one").pieces == ()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "training": "", "all": [{"name": "a", "readings": [1]}]}',
             '{"format": 1, "training": "", "all": [{"name": "a", "text": "", "readings": [[1, 2], [3]]}]}',
             '{"format": 1, "training": "", "all": [{"name": "a", "text": "", "readings": [[NaN]]}]}', "[" * 99_999],
)  # fmt: skip
def test_a_damaged_file_is_a_sentence(store: Store, text: str) -> None:
    (store.root / FOLDER).mkdir(parents=True)
    (store.root / FOLDER / "one.json").write_text(text)
    with pytest.raises(RunError):
        read(store, "one")


def test_no_path_is_smuggled_in(store: Store) -> None:
    with pytest.raises(RunError):
        read(store, "../one")
