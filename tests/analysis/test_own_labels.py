"""Labels of one's own: a selection is a group, a column is a question, and what is neither is a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.own_labels import LISTED, LabelError, read_labels
from latentlab.data import UNLABELLED

TABLE = b"index,class,loss,note,id\n3,a,1.5,,x\n0,b,2.5,,x\n5,a,,,x\n"


def test_a_selection_is_a_group() -> None:
    labels, names = read_labels(TABLE).labels(LISTED, 7)
    assert labels.tolist() == [1, 0, 0, 1, 0, 1, 0]
    assert names == ("others", "listed")


def test_a_column_labels_the_examples_that_are_listed() -> None:
    found = read_labels(TABLE)
    assert found.questions() == [LISTED, "class", "loss"]  # a column of one value answers nothing
    labels, names = found.labels("class", 6)
    assert names == ("a", "b")
    assert labels.tolist() == [1, -1, -1, 0, -1, 0]
    assert found.labels("loss", 6)[0].tolist() == [1, -1, -1, 0, -1, UNLABELLED]


def test_many_numbers_are_grouped_and_many_words_are_no_question() -> None:
    rows = "\n".join(f"{k},{k * 0.5},word{k}" for k in range(90))
    found = read_labels(f"index,number,word\n{rows}".encode())
    assert found.questions() == [LISTED, "number"]
    labels, names = found.labels("number", 90)
    assert np.bincount(labels).tolist() == [30, 30, 30]
    assert len(names) == 3


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column “index”"),
        (b"a,b\n1,2\n", "no column “index”"),
        (b"index,b\n1,2\n1,3\n", "names an example twice"),
        (b"index,b\n-1,2\n", "before the first"),
        (b"index,b\nx,2\n", "whole numbers"),
        (b"index,b\n99999999999999999999,2\n", "whole numbers"),
        (b"index,b\n1\n", "different lengths"),
        (b"index,b\n1,2,3\n", "different lengths"),
        (b"\xff\xfe\x00", "can't be read as CSV"),
        (b'index,b\n1,"2\n', "can't be read as CSV"),
    ],
)
def test_what_labels_nothing_is_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(LabelError, match=why):
        read_labels(content)


def test_examples_that_are_not_here_are_a_sentence() -> None:
    with pytest.raises(LabelError, match="lists example 5, but there are 5 here"):
        read_labels(TABLE).labels(LISTED, 5)
    with pytest.raises(LabelError, match="no column 'age'"):
        read_labels(TABLE).labels("age", 7)


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentlab.analysis.own_labels.MAX_BYTES", 10)
    with pytest.raises(LabelError, match="larger than"):
        read_labels(TABLE)
