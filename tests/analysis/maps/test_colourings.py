"""What colours the points of a map: classes, numbers with their units, own columns, the distance to a click."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.analysis.maps.colourings import (
    MOST_CLASSES,
    ByClass,
    ByNumber,
    Coloured,
    OnMap,
    by_column,
    by_factor,
    of_clusters,
)
from latentlab.data import Factors

PLAIN = Coloured(np.array([0, 1, 1, -1]), ("cat", "dog"))
ON = OnMap(np.zeros((4, 2), np.float32))


def test_classes_colour_without_a_number() -> None:
    assert ByClass("class").colour(PLAIN, ON) is PLAIN
    groups = of_clusters(np.array([2, 0, -1, 0]))
    shown = ByClass("k-means", lambda: groups).colour(PLAIN, ON)
    assert shown.labels.tolist() == [2, 0, -1, 0]
    assert shown.classes == ("cluster 1", "cluster 2", "cluster 3")
    assert shown.numbers is None
    assert of_clusters(np.array([-1, -1])).classes == ()


def test_a_number_colours_and_the_classes_keep_their_shapes() -> None:
    shown = ByNumber("height", "cm", lambda on: on.xy[:, 1]).colour(PLAIN, OnMap(np.eye(4, 2, dtype=np.float32)))
    assert (shown.labels is PLAIN.labels, shown.classes) == (True, PLAIN.classes)
    assert shown.numbers is not None
    assert shown.numbers.name == "height (cm)"
    assert shown.numbers.values.tolist() == [0, 1, 0, 0]
    bare = ByNumber("ratio", "", lambda _: np.ones(4)).colour(PLAIN, ON).numbers
    assert bare is not None
    assert bare.name == "ratio"


@pytest.mark.parametrize(("clicked", "name"), [(None, "first"), (0, "click"), (2, "click")])
def test_what_follows_a_click_says_whether_there_was_one(clicked: int | None, name: str) -> None:
    z = np.array([[0, 0], [3, 4], [0, 1], [6, 8]], np.float32)
    far = ByNumber("click", "σ", lambda on: np.linalg.norm(z - z[on.clicked or 0], axis=1), "first")
    shown = far.colour(PLAIN, OnMap(z, clicked)).numbers
    assert shown is not None
    assert shown.name == f"{name} (σ)"
    np.testing.assert_allclose(shown.values, np.linalg.norm(z - z[clicked or 0], axis=1))


@pytest.mark.parametrize("values", [np.array([3, 1, 2, 1]), np.array([0.5, 1, 2, 1])])
def test_a_column_of_numbers_colours_by_them(values: np.ndarray) -> None:
    found = by_column("size", values)
    assert found is not None
    shown = found.colour(PLAIN, ON).numbers
    assert shown is not None
    np.testing.assert_array_equal(shown.values, values.astype(float))


def test_a_column_of_few_words_makes_classes_and_one_of_many_none() -> None:
    found = by_column("coat", np.array(["red", "blue", "red", "green"]))
    assert found is not None
    shown = found.colour(PLAIN, ON)
    assert [shown.classes[k] for k in shown.labels] == ["red", "blue", "red", "green"]
    assert len(shown.classes) == 3
    words = np.array([f"w{k}" for k in range(MOST_CLASSES + 1)])
    assert by_column("id", words) is None
    assert by_column("id", words[:-1]) is not None


def test_yes_and_no_are_classes_and_an_empty_word_is_none() -> None:
    plain, on = Coloured(np.zeros(3, np.int64), ("a",)), OnMap(np.zeros((3, 2), np.float32))
    tame = by_column("tame", np.array([True, False, True]))
    assert tame is not None
    assert tame.colour(plain, on).labels.tolist() == [1, 0, 1]
    coat = by_column("coat", np.array(["red", "", "blue"], object))
    assert coat is not None
    assert (coat.colour(plain, on).labels.tolist(), coat.colour(plain, on).classes) == ([1, -1, 0], ("blue", "red"))


def test_a_factor_colours_by_its_values() -> None:
    words = tuple(f"w{k}" for k in range(MOST_CLASSES + 1))
    levels = torch.tensor([[0, 1, 0], [1, 0, 1], [2, 1, 2], [0, 0, 3]])
    made = Factors(levels, ("size", "coat", "name"), ((0.5, 2.0, 9.0), ("blue", "red"), words))
    size, coat = by_factor(made, 0), by_factor(made, 1)
    assert size is not None
    assert coat is not None
    numbers = size.colour(PLAIN, ON).numbers
    assert numbers is not None
    assert numbers.values.tolist() == [0.5, 2, 9, 0.5]
    shown = coat.colour(PLAIN, ON)
    assert [shown.classes[k] for k in shown.labels] == ["red", "blue", "red", "blue"]
    assert by_factor(made, 2) is None
