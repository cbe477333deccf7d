"""What is said of dimensions and factors, and the factors that are measured where none are known."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.disentanglement.information import Information, information
from latentlab.analysis.disentanglement.measured import GROUPS, measured_levels
from latentlab.analysis.disentanglement.verdict import of_factors
from latentlab.analysis.image_attributes import measured
from latentlab.data import UNLABELLED, Splits
from tests.conftest import mentions

FACTORS, DIMENSIONS = ("size", "angle", "x"), ("z1", "z2")


def found(shares: list[list[float]]) -> Information:
    return Information(np.array(shares), np.ones(3), np.zeros((2, 3)))


def test_each_factor_is_where_it_can_be_read() -> None:
    said = of_factors(found([[0.8, 0.02, 0.3], [0.05, 0.03, 0.28]]), FACTORS, DIMENSIONS)
    own, shared, nowhere = said.split(". ")
    assert mentions(own, 1, 3, "size", "z1", "80%")
    assert mentions(shared, "x", "30%")
    assert mentions(nowhere, "angle")
    assert not mentions(own, "x")


def test_a_dimension_that_says_more_of_another_factor_is_not_its_own() -> None:
    """Both are read from z1 alone, which is that of size."""
    said = of_factors(found([[0.8, 0.5, 0.6], [0.0, 0.0, 0.0]]), FACTORS, DIMENSIONS)
    own, shared = said.split(". ")
    assert mentions(own, 1, 3, "size")
    assert mentions(shared, "angle", "x")


def test_what_chance_gives_is_not_read() -> None:
    """Twenty examples of ten levels seem to say much of them in twenty bins."""
    rng = np.random.default_rng(0)
    levels = np.stack([rng.permutation(np.arange(20) % 10) for _ in range(3)], 1)
    noise = information(rng.normal(size=(20, 2)).astype(np.float32), levels)
    assert noise.shares.min() > 0.3
    assert mentions(of_factors(noise, FACTORS, DIMENSIONS).split(". ")[-1], *FACTORS)


def test_a_share_is_that_of_the_matrix() -> None:
    of_chance = Information(np.array([[0.8, 0.0, 0.0], [0.0, 0.0, 0.0]]), np.ones(3), np.full((2, 3), 0.05))
    assert mentions(of_factors(of_chance, FACTORS, DIMENSIONS), "size", "z1", f"{of_chance.shares[0, 0]:.0%}")


def test_measured_factors_are_the_class_and_groups_of_what_is_measured(digits: Splits) -> None:
    batch = digits.test.batch()
    images = batch.x.numpy()
    known = measured_levels(images, batch.y.numpy())
    assert known.names[0] == "class"
    assert np.array_equal(known.levels[:, 0], batch.y.numpy()[known.rows])
    slant = known.levels[:, known.names.index("slant")]
    values = measured(images[known.rows], "slant")
    assert slant.max() == GROUPS - 1
    means = [values[slant == k].mean() for k in range(GROUPS)]
    assert means == sorted(means)
    assert np.bincount(slant).min() > 0.8 * len(slant) / GROUPS


def test_unlabelled_examples_and_what_is_the_same_for_all_are_left_out() -> None:
    y = np.array([0, 1, UNLABELLED, 1])
    known = measured_levels(None, y)
    assert known.rows.tolist() == [0, 1, 3]
    assert known.levels.tolist() == [[0], [1], [1]]
    assert measured_levels(None, np.array([1, 1, UNLABELLED])).names == ()
    assert measured_levels(np.ones((3, 1, 8, 8), np.float32), np.full(3, UNLABELLED)).names == ()


@pytest.mark.parametrize("y", [[0, 1], [UNLABELLED, UNLABELLED]])
def test_images_without_ink_leave_no_rows(y: list[int]) -> None:
    known = measured_levels(np.zeros((2, 1, 8, 8), np.float32), np.array(y))
    assert len(known.rows) in (0, 2)
    assert known.names == (("class",) if y == [0, 1] else ())
