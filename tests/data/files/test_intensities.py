"""One scale of intensities for a whole set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data.files.images.intensities import Range, find_range, to_bytes
from latentlab.data.files.read import read_path
from tests.conftest import mentions
from tests.data.files.conftest import field, in_file_order, noise


def whole(high: int, seed: int = 0, low: int = 0) -> NDArray[np.int64]:
    """Images of whole numbers that reach both ends."""
    x: NDArray[np.int64] = np.asarray(np.random.default_rng(seed).integers(low, high + 1, (20, 1, 8, 8)))
    x.flat[:2] = low, high
    return x


@pytest.mark.parametrize("high", [2, 16, 100, 1000, 4000, 16_000, 65_000])
@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.float64, np.float32])
def test_the_largest_whole_number_is_white(high: int, kind: type) -> None:
    x: NDArray[Any] = whole(high).astype(kind)
    found, notes = to_bytes(x)
    assert np.abs(found - x.astype(float) * 255 / high).max() <= 0.501
    assert len(notes) == 1
    assert mentions(notes[0], 0, 255)


@pytest.mark.parametrize("high", [128, 200, 255])
def test_bytes_stay(high: int) -> None:
    for x in (whole(high).astype(np.uint8), whole(high), whole(high).astype(np.float32)):
        found, notes = to_bytes(x)
        assert np.array_equal(found, x)
        assert notes == ()


def test_shares_keep_their_scale_and_other_numbers_fill_it() -> None:
    assert find_range(np.full((3, 1, 2, 2), 0.25)) == Range(0, 1)
    assert find_range(np.linspace(-1, 0.5, 40).reshape(10, 1, 2, 2)) == Range(-1, 0.5)
    assert find_range(np.array([[False, True]])) == Range(0, 1)


@pytest.mark.parametrize("far", [400.0, -400.0])
@pytest.mark.parametrize("scale", [1.0, 37.5])
def test_a_lone_giant_is_cut_off_and_named(far: float, scale: float) -> None:
    x = np.random.default_rng(0).random((20, 3, 8, 8)) * scale
    clean, _ = to_bytes(x)
    x[7, 1, 2, 3] = far * scale
    found, notes = to_bytes(x)
    assert found[7, 1, 2, 3] == (255 if far > 0 else 0)
    others = np.delete(found.ravel(), np.ravel_multi_index((7, 1, 2, 3), x.shape))
    assert np.abs(others.astype(int) - np.delete(clean.ravel(), np.ravel_multi_index((7, 1, 2, 3), x.shape))).max() <= 1
    assert any(mentions(note, 7, f"{far * scale:g}", 1) for note in notes)


def test_a_long_tail_and_sparse_pictures_are_not_cut() -> None:
    rng = np.random.default_rng(0)
    for x in (rng.exponential(size=(50, 1, 20, 20)), rng.lognormal(size=(50, 1, 20, 20))):
        assert find_range(x).n_above == 0
    dots = np.zeros((50, 1, 20, 20))
    dots[3, 0, 4, 5] = dots[9, 0, 1, 1] = 7.5
    assert find_range(dots).n_above == 0
    assert to_bytes(dots)[0].max() == 255


def test_a_far_value_within_the_scale_is_not_cut_off() -> None:
    x = np.random.default_rng(0).random((20, 1, 8, 8)).astype(np.float32) * 0.02
    x[3, 0, 4, 4] = 0.9
    assert find_range(x) == Range(0, 1)
    assert abs(int(to_bytes(x)[0][3, 0, 4, 4]) - 0.9 * 255) < 1


def test_pieces_are_scaled_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    x = whole(1000)
    before, _ = to_bytes(x)
    monkeypatch.setattr("latentlab.data.files.images.intensities.CHUNK", 130)
    assert np.array_equal(to_bytes(x)[0], before)
    assert before.shape == noise(20, 1, 8, 8).shape


def test_what_people_bring() -> None:
    for name in ("digits.npy", "digits.npz"):
        x, _ = in_file_order(read_path(field(f"09_low_range_integers/{name}")))
        assert set(np.unique(x)) == {round(k * 255 / 16) for k in range(17)}
    x, _ = in_file_order(read_path(field("18_sentinel/one_hot_pixel.npz")))
    with np.load(field("18_sentinel/one_hot_pixel.npz")) as file:
        wanted = np.clip(file["x"], 0, 1).transpose(0, 3, 1, 2) * 255
    assert np.abs(x - wanted).max() <= 0.501
