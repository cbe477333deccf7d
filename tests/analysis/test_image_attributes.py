"""Attributes of images, against shapes whose slant, width and thickness are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from latentlab.analysis.image_attributes import MEASURES, THIRDS, corrupted, grouped, measured, moments, parity, thirds
from latentlab.data import UNLABELLED
from tests.conftest import mentions, naming, numbers_in

SIDE = 48


def bar(width: int, lean: float = 0.0, height: int = 36, left: int = 20) -> NDArray[np.float32]:
    """(1, 1, SIDE, SIDE): a bar that moves `lean` pixels to the right for each pixel that it rises."""
    image = np.zeros((1, 1, SIDE, SIDE), np.float32)
    for row in range(height):
        start = left + round(lean * (height / 2 - row))
        image[0, 0, 6 + row, start : start + width] = 1
    return image


def ring(n: int = 9, hole: int = 5, gap: bool = False) -> NDArray[np.float32]:
    image = np.zeros((1, 1, SIDE, SIDE), np.float32)
    image[0, 0, 10 : 10 + n, 10 : 10 + n] = 1
    edge = (n - hole) // 2
    image[0, 0, 10 + edge : 10 + n - edge, 10 + edge : 10 + n - edge] = 0
    if gap:
        image[0, 0, 10 : 10 + edge, 14] = 0
    return image


@pytest.mark.parametrize("lean", [-0.5, 0.0, 0.5, 1.0])
def test_a_leaning_bar_has_its_slant_and_its_width(lean: float) -> None:
    image = bar(6, lean)
    assert measured(image, "slant")[0] == pytest.approx(lean, abs=0.02)
    assert measured(image, "width")[0] == pytest.approx(6, abs=0.15)  # drawn in whole pixels


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_an_upright_bar_is_as_wide_as_it_is(width: int) -> None:
    assert measured(bar(width), "width")[0] == pytest.approx(width, abs=1e-9)


@pytest.mark.parametrize(("width", "thickness"), [(1, 2), (2, 2), (3, 3 + 1 / 3), (4, 4), (6, 6)])
def test_a_long_bar_is_as_thick_as_it_is_wide(width: int, thickness: float) -> None:
    whole = np.zeros((1, 1, 400, SIDE), np.float32)
    whole[0, 0, :, 20 : 20 + width] = 1
    assert measured(whole, "stroke thickness")[0] == pytest.approx(thickness, rel=0.03)


def test_thicker_strokes_of_the_same_drawing_are_thicker() -> None:
    found = [measured(ring(hole + 2 * edge, hole), "stroke thickness")[0] for hole, edge in ((9, 1), (9, 2), (9, 4))]
    assert found == sorted(found)
    assert found[-1] > found[0] + 2


def test_position_is_the_centre_of_the_ink() -> None:
    image = bar(4, left=10)
    assert measured(image, "horizontal position")[0] == pytest.approx(11.5)
    assert measured(np.roll(image, 5, 3), "horizontal position")[0] == pytest.approx(16.5)
    assert measured(image, "vertical position")[0] == pytest.approx(SIDE - 1 - 23.5)
    assert measured(np.roll(image, -3, 2), "vertical position")[0] == pytest.approx(SIDE - 1 - 20.5)


def test_a_loop_is_a_hole_in_the_ink() -> None:
    images = np.concatenate([ring(), ring(gap=True), bar(6), ring(9, 1), ring(11, 3)])
    assert measured(images, "has a loop").tolist() == [1, 0, 0, 0, 1]  # the fourth's hole is a single pixel


def test_zeros_have_loops_and_ones_have_none() -> None:
    digits = load_digits()
    x = (digits.images[:, None] / 16).astype(np.float32)
    loops = measured(x, "has a loop")
    share = [loops[digits.target == k].mean() for k in range(10)]
    assert min(share[0], share[6]) > 0.6
    assert max(share[1], share[5], share[7]) < 0.15


@pytest.mark.parametrize("name", MEASURES)
def test_an_empty_image_has_no_attribute(name: str) -> None:
    found = measured(np.concatenate([np.zeros((1, 1, SIDE, SIDE), np.float32), bar(3)]), name)
    assert np.isnan(found[0])
    assert np.isfinite(found[1])
    assert grouped(found)[0][0] == UNLABELLED


@pytest.mark.parametrize(("shape", "name", "named"), [((3, 7), "slant", (7,)), ((3, 1, 7, 7), "age", "age")])
def test_what_cannot_be_measured_is_a_sentence(shape: tuple[int, ...], name: str, named: object) -> None:
    with pytest.raises(ValueError, match=naming(named)):
        measured(np.ones(shape, np.float32), name)


def test_groups_are_as_large_as_each_other() -> None:
    values = np.random.default_rng(0).normal(size=900)
    labels, titles = grouped(values)
    assert np.bincount(labels).tolist() == [300, 300, 300]
    assert len(titles) == 3
    with_unit = grouped(np.arange(9.0), unit="px")[1]
    assert [numbers_in(name) for name in with_unit] == [[2.67], [2.67, 5.33], [5.33]]
    assert all(mentions(name, "px") for name in with_unit)
    assert grouped(np.array([0.0, 1.0, np.nan]))[0].tolist() == [0, 1, UNLABELLED]
    assert grouped(np.ones(5) * 7)[0].max() <= 1
    assert grouped(np.full(3, np.nan))[0].tolist() == [UNLABELLED] * 3


def test_parity_is_of_the_class() -> None:
    assert parity(np.array([0, 1, 2, 9, UNLABELLED])).tolist() == [0, 1, 0, 1, UNLABELLED]


def test_noise_has_the_spread_of_its_level() -> None:
    x = np.full((2_000, 1, 4, 4), 0.5, np.float32)
    level = np.arange(2_000) % 2
    noisy = corrupted(x, level, (0.0, 0.1))
    np.testing.assert_array_equal(noisy[level == 0], x[level == 0])
    assert noisy[level == 1].std() == pytest.approx(0.1, rel=0.02)
    np.testing.assert_array_equal(noisy, corrupted(x, level, (0.0, 0.1)))
    assert corrupted(x, level, (0.0, 9.0)).min() == 0


def test_moments_are_numpys_weighted_means_and_covariances() -> None:
    ink = np.random.default_rng(3).random((4, 7, 5))
    y, x = np.mgrid[:7, :5]
    found = moments(ink)
    for k, weights in enumerate(ink):
        places = np.stack([x.ravel(), y.ravel()])
        mean = np.average(places, axis=1, weights=weights.ravel())
        (xx, xy), (_, yy) = np.cov(places, aweights=weights.ravel(), ddof=0)
        assert [part[k] for part in found] == pytest.approx([*mean, xx, yy, xy])
        assert found.slant[k] == pytest.approx(-xy / yy)


def test_thirds_are_of_about_one_size_and_in_order() -> None:
    x = (load_digits().images[:300, None] / 16).astype(np.float32)
    found = thirds(x)
    for attribute, names in THIRDS.items():
        means = [measured(x[found[name]], attribute).mean() for name in names]
        assert means == sorted(means)
        assert sum(len(found[name]) for name in names) == np.isfinite(measured(x, attribute)).sum()
    assert not thirds(np.repeat(bar(6), 5, 0))
