"""The arrays of a file by the names that people give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data import UNLABELLED
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import read_path
from tests.data.files.conftest import field, in_file_order, noise, refused, said


def vectors(n: int = 20, d: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        ("X", "y"), ("features", "labels"), ("embeddings", "target"), ("image_embeds", "fine_labels"), ("arr_0", "y"),
        ("codes", "classes"), ("anything", "label"), ("Fea", "gnd"), ("imgs", "targets"), ("训练", "y"),
    ],
)  # fmt: skip
def test_the_usual_names_are_found(tmp_path: Path, data: str, labels: str) -> None:
    x, y = vectors(), np.arange(20) % 3
    opened = read_path(saved(tmp_path / "a.npz", **{data: x, labels: y}))
    found, classes = in_file_order(opened)
    assert np.array_equal(found, x)
    assert classes.tolist() == y.tolist()
    assert opened.columns == {}


@pytest.mark.parametrize(
    "names",
    [
        [f"{part}_{what}" for part in ("train", "val", "test") for what in ("images", "labels")],
        [f"{what}_{part}" for part in ("train", "valid", "test") for what in ("x", "y")],
        [f"{what}{part}" for part in ("train", "val", "test") for what in ("X", "y")],
        [f"{part}{what}" for part in ("train", "dev", "test") for what in ("Images", "Labels")],
        [f"set.{part}.{what}" for part in ("training", "validation", "testing") for what in ("images", "labels")],
    ],
)
def test_parts_are_joined_and_kept(tmp_path: Path, names: list[str]) -> None:
    x, y = noise(40, 6, 6), (np.arange(40) % 4)[:, None]
    ends = [(0, 20), (20, 28), (28, 40)]
    arrays = {name: (x, y)[k % 2][slice(*ends[k // 2])] for k, name in enumerate(names)}
    opened = read_path(saved(tmp_path / "a.npz", **dict(reversed(arrays.items()))))
    assert [sorted(rows.tolist()) for rows in opened.rows] == [list(range(*end)) for end in ends]
    found, classes = in_file_order(opened)
    assert np.array_equal(found[:, 0], x)
    assert classes.tolist() == y[:, 0].tolist()


def test_a_part_without_labels_is_unlabelled_and_columns_are_joined(tmp_path: Path) -> None:
    x = vectors(30)
    path = saved(
        tmp_path / "a.npz", x_train=x[:20], y_train=np.arange(20) % 2, x_test=x[20:], ids_train=np.arange(20),
        ids_test=np.arange(20, 30), class_names=np.array(["no", "yes"]),
    )  # fmt: skip
    opened = read_path(path)
    _, y = in_file_order(opened)
    assert y.tolist() == [0, 1] * 10 + [UNLABELLED] * 10
    assert opened.splits.train.classes == ("no", "yes")
    assert opened.columns["ids"].tolist() == list(range(30))
    assert opened.id == "ids"


def test_parts_of_different_shapes_are_not_joined(tmp_path: Path) -> None:
    opened = read_path(saved(tmp_path / "a.npz", x_train=vectors(20, 3), x_test=vectors(10, 4)))
    assert sum(map(len, opened.splits)) == 20
    assert said(opened, "x_test")


def test_one_of_several_is_chosen(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", one=vectors(20, 3), two=vectors(20, 4), y=np.arange(20) % 2)
    refused(path, "--vector", "one", "two", (20, 3))
    for name, d in (("one", 3), ("two", 4)):
        opened = read_path(path, ReadOptions(vector=(name,)))
        assert opened.splits.train.shape == (d,)
        assert opened.splits.train.classes == ("0", "1")
    refused(path, "three", "one", vector=("three",))
    refused(path, "one", "two", vector=("one", "two"))
    assert read_path(path, ReadOptions(vector=("one",), label="")).splits.train.classes == ()
    assert "two[1]" not in read_path(path, ReadOptions(vector=("one",), drop=("two",))).columns
    trained = saved(tmp_path / "b.npz", x_train=vectors(20), x_test=vectors(30))
    assert sum(map(len, read_path(trained, ReadOptions(vector=("x_test",))).splits)) == 30


def test_factors_become_columns_and_names_are_kept(tmp_path: Path) -> None:
    factors = np.random.default_rng(1).normal(size=(20, 6))
    words = np.array([f"wörd {k}" for k in range(20)])
    path = saved(
        tmp_path / "a.npz", images=noise(20, 5, 5), factors=factors, filenames=np.char.encode(words, "utf-8"),
        captions=words,
        wide=np.zeros((20, 999)),
    )  # fmt: skip
    opened = read_path(path)
    assert np.array_equal(np.stack([opened.columns[f"factors[{k}]"] for k in range(6)], 1), factors)
    assert opened.columns["filenames"].tolist() == words.tolist() == opened.columns["captions"].tolist()
    assert (opened.id, opened.title) == ("filenames", "captions")
    assert said(opened, "wide")


def test_text_that_is_none_is_left_out(tmp_path: Path) -> None:
    words = np.array(["abc"] * 20)
    words.view(np.uint32)[:] = 0x110000  # beyond the last character
    opened = read_path(saved(tmp_path / "a.npz", x=vectors(), bad=words, y=words, cut=np.array([b"\xff\xfe"] * 20)))
    assert list(opened.columns) == ["cut"]
    assert said(opened, "bad")
    assert said(opened, "y")


@pytest.mark.parametrize(
    ("raw", "y"),
    [
        (np.eye(4, dtype=int)[np.arange(20) % 4], np.arange(20) % 4),
        (np.eye(4)[np.arange(20) % 4].T, np.arange(20) % 4),
        (np.eye(4)[np.arange(20) % 4] * 0.6 + 0.1, np.arange(20) % 4),
        ((np.arange(20) % 4)[None], np.arange(20) % 4),
    ],
)
def test_one_hot_labels_and_probabilities_are_classes(tmp_path: Path, raw: NDArray[Any], y: NDArray[np.int64]) -> None:
    opened = read_path(saved(tmp_path / "a.npz", x=vectors(), y=raw))
    assert in_file_order(opened)[1].tolist() == y.tolist()


def test_several_labels_are_several_columns(tmp_path: Path) -> None:
    raw = np.random.default_rng(3).integers(0, 2, (20, 5))
    raw[0] = 1
    opened = read_path(saved(tmp_path / "a.npz", x=vectors(), labels=raw))
    assert opened.splits.train.classes == ()
    found = np.stack([opened.columns[f"labels[{k}]"] for k in range(5)], 1)
    assert found.dtype == bool
    assert np.array_equal(found, raw)


@pytest.mark.parametrize("raw", [np.arange(2000) / 7, np.arange(2000), np.array([f"n{k}" for k in range(2000)])])
def test_labels_that_are_no_classes_are_a_column(tmp_path: Path, raw: NDArray[Any]) -> None:
    opened = read_path(saved(tmp_path / "a.npz", x=vectors(2000), target=raw))
    assert opened.splits.train.classes == ()
    assert opened.columns["target"].tolist() == raw.tolist()
    assert (in_file_order(opened)[1] == UNLABELLED).all()


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (np.arange(19), (19, 20)),
        (np.zeros((20, 99)), (99,)),
        (np.zeros((20, 2, 2)), ("y",)),
        (np.zeros(20, complex), ("y",)),
        (np.array([None] * 20), ("y",)),
    ],
)
def test_labels_that_can_not_be_used_leave_the_examples(
    tmp_path: Path, labels: NDArray[Any], named: tuple[object, ...]
) -> None:
    opened = read_path(saved(tmp_path / "a.npz", x=vectors(), y=labels))
    assert np.array_equal(in_file_order(opened)[0], vectors())
    assert opened.splits.train.classes == ()
    assert said(opened, *named)


@pytest.mark.parametrize(
    ("name", "sizes", "shape", "n_classes", "n_columns"),
    [
        ("06_npz_keys/cellmnist.npz", [300, 60, 80], (3, 28, 28), 3, 0),
        ("06_npz_keys/keras_mnist_like.npz", [1350, 150, 297], (1, 8, 8), 10, 0),
        ("06_npz_keys/clip_features.npz", [240, 30, 30], (64,), 6, 1),
        ("06_npz_keys/embeddings.npz", [240, 30, 30], (64,), 0, 1),
        ("07_dsprites/sprites.npz", [384, 48, 48], (1, 64, 64), 0, 12),
        ("07_dsprites/renamed.npz", [384, 48, 48], (1, 64, 64), 0, 12),
        ("08_label_shapes/onehot.npz", [1439, 179, 179], (1, 8, 8), 10, 0),
        ("08_label_shapes/multilabel.npz", [300, 60, 80], (3, 28, 28), 0, 14),
        ("08_label_shapes/target.npz", [144, 17, 17], (6,), 0, 1),
    ],
)
def test_what_people_bring(name: str, sizes: list[int], shape: tuple[int, ...], n_classes: int, n_columns: int) -> None:
    opened = read_path(field(name))
    assert list(map(len, opened.splits)) == sizes
    assert opened.splits.train.shape == shape
    assert len(opened.splits.train.classes) == n_classes
    assert len(opened.columns) == n_columns
