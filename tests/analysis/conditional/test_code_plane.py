"""A plane through codes, and an even grid in a box of it."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.box import Box
from latentlab.analysis.conditional.code_plane import central_box, code_plane, even_grid


def test_a_code_of_two_dimensions_is_its_own_place() -> None:
    codes = np.random.default_rng(0).normal(3, 2, (20, 2)).astype(np.float32)
    plane = code_plane(codes)
    np.testing.assert_array_equal(plane.project(codes), codes)
    np.testing.assert_array_equal(plane.codes(codes), codes)
    assert plane.share is None


def test_a_place_of_more_dimensions_has_the_others_at_the_mean() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    codes = (rng.normal(size=(500, 5)) * [3, 2, 0.5, 0.1, 0.1] @ basis.T + 7).astype(np.float32)
    plane = code_plane(codes)
    back = plane.codes(plane.project(codes))
    np.testing.assert_allclose(plane.project(back), plane.project(codes), atol=1e-4)
    np.testing.assert_allclose((back - plane.mean) @ basis[:, 2:], 0, atol=0.4)  # its directions are nearly those
    np.testing.assert_allclose(plane.codes(np.zeros((1, 2), np.float32))[0], codes.mean(0), atol=1e-4)
    assert plane.share is not None
    assert plane.share[0] > plane.share[1] > 0.2
    lost = np.square(codes - back).sum() / np.square(codes - codes.mean(0)).sum()
    assert sum(plane.share) == pytest.approx(1 - lost, abs=1e-4)


def test_codes_of_one_dimension_have_no_plane() -> None:
    with pytest.raises(ValueError, match="one dimension"):
        code_plane(np.zeros((4, 1), np.float32))


def test_a_grid_reaches_all_corners_and_reads_like_a_page() -> None:
    places = even_grid(Box(-1, 1, 0, 6), 3)
    assert places.tolist() == [[x, y] for y in (6, 3, 0) for x in (-1, 0, 1)]


def test_a_first_box_leaves_out_what_is_far_and_always_has_an_inside() -> None:
    places = np.stack([np.arange(101), np.arange(101) * 2], 1).astype(np.float32)
    box = central_box(places)
    assert box.x == pytest.approx((2, 98), abs=2.1)
    assert box.y == pytest.approx((4, 196), abs=2.1)
    assert central_box(np.ones((5, 2), np.float32)).is_proper
