"""Bitmaps of strokes: against distances to segments by brute force, and against the published rules."""

from __future__ import annotations

import json

import numpy as np
import pytest

from latentlab.data.drawings import FINE, LINE, SIDE, WHOLE, Drawing, Strokes, bitmaps
from tests.conftest import QUICK_DRAW

APPLES = QUICK_DRAW / "apple.ndjson"


def drawing(*strokes: list[tuple[float, float]]) -> Drawing:
    return [np.array(one, float) for one in strokes]


def by_distance(one: Drawing) -> np.ndarray:
    """Each of 224 × 224 places is inked where a segment is within half a stroke."""
    points = np.concatenate(list(one))
    low, high = points.min(0), points.max(0)
    axis = (np.arange(SIDE * FINE) + 0.5) / (SIDE * FINE) * WHOLE
    place = np.stack(np.meshgrid(axis, axis), -1)
    nearest = np.full(place.shape[:2], np.inf)
    for stroke in one:
        at = (stroke - (low + high) / 2) * 255 / ((high - low).max() or 1) + WHOLE / 2
        for a, b in zip(at, at[1:] if len(at) > 1 else at, strict=False):
            along = b - a
            part = np.clip((place - a) @ along / (along @ along or 1), 0, 1)
            nearest = np.minimum(nearest, np.linalg.norm(place - a - part[..., None] * along, axis=-1))
    return np.asarray(np.rint((nearest <= LINE / 2).reshape(SIDE, FINE, SIDE, FINE).mean((1, 3)) * 255))


SOME = {
    "a slope": drawing([(0, 0), (255, 100)]),
    "across and down": drawing([(0, 0), (200, 0), (200, 255)], [(10, 30), (10, 31)]),
    "a dot": drawing([(3, 4)]),
    "a dot beside a line": drawing([(0, 0), (0, 255)], [(60, 100)]),
    "a point twice": drawing([(5, 5), (5, 5), (80, 255), (80, 255)]),
    "a loop": drawing([(0, 0), (100, 255), (200, 0), (0, 180), (210, 180), (0, 0)]),
}


@pytest.mark.parametrize("name", SOME)
def test_a_place_is_inked_where_a_segment_is_near(name: str) -> None:
    (found,) = bitmaps(Strokes.of([SOME[name]]))
    np.testing.assert_allclose(found, by_distance(SOME[name]), atol=1)  # one of halves rounded up


def test_drawings_do_not_touch_each_other() -> None:
    """More of them than are drawn at once."""
    many = [list(SOME.values())[k % len(SOME)] for k in range(150)]
    together = bitmaps(Strokes.of(many))
    for one, image in zip(many[:6], together[144:], strict=True):
        np.testing.assert_array_equal(bitmaps(Strokes.of([one]))[0], image)


def test_a_drawing_has_the_same_bitmap_in_any_unit_and_place() -> None:
    one = SOME["a loop"]
    moved = [stroke * 4 - np.array([1_000.0, -64.0]) for stroke in one]
    np.testing.assert_array_equal(bitmaps(Strokes.of([one])), bitmaps(Strokes.of([moved])))


@pytest.mark.skipif(not APPLES.is_file(), reason="the drawings of Quick, Draw! are not on this machine")
def test_a_published_drawing_follows_the_published_rules() -> None:
    """255 units of 304 and half a stroke on each side; a line across is 16 units thick."""
    real = [json.loads(line)["drawing"] for line in APPLES.read_text().splitlines()]
    found = bitmaps(Strokes.of([[np.array(stroke, float).T for stroke in one] for one in real]))
    edge = (WHOLE - 255 - LINE) / 2 / WHOLE * SIDE  # 1.52 pixels
    for one, image in zip(real, found, strict=True):
        size = np.ptp(np.hstack(one), axis=1)
        for axis in np.flatnonzero(size == 255):
            inked = np.flatnonzero(image.any(axis))
            assert (inked[0], inked[-1]) == (int(edge), SIDE - 1 - int(edge))
    thick = bitmaps(Strokes.of([drawing([(0, 0), (255, 0)])]))[0][:, SIDE // 2].sum() / 255
    assert thick == pytest.approx(LINE / WHOLE * SIDE, abs=1 / FINE)
