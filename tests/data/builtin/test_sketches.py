"""The sketches: the same every time, as large as Google's, in several ways a class, and neither trivial nor noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.data import load, spec_of
from latentlab.data.builtin.sketches import drawn as sketches
from latentlab.data.builtin.sketches.drawn import CLASSES, SCRIBBLE, Sketches, SketchImages, draw, ways
from latentlab.data.builtin.sketches.pen import Pen, by_hand
from latentlab.data.builtin.sketches.things import THINGS
from latentlab.data.drawings import SIDE, Strokes

FEW = SketchImages(140, 20, 40)


@pytest.fixture(scope="module")
def some() -> tuple[np.ndarray, Sketches]:
    y = np.arange(1_400) % len(CLASSES)
    return y, draw(y, np.random.default_rng(1))


def nearest_mean(x: np.ndarray, y: np.ndarray) -> float:
    """Accuracy on the second half of the nearest of the means of the first."""
    half = len(y) // 2
    x = x.reshape(len(x), -1) / 255
    means = np.stack([x[:half][y[:half] == k].mean(0) for k in np.unique(y)])
    found = np.unique(y)[((x[half:, None] - means) ** 2).sum(-1).argmin(1)]
    return float((found == y[half:]).mean())


def test_a_seed_is_the_same_drawings_and_another_is_not() -> None:
    y = np.arange(14) % 7
    first, again, other = (draw(y, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.mode, again.mode)
    assert (first.x != other.x).any((1, 2)).all()


def test_the_ink_reaches_the_margin_on_its_longer_side(some: tuple[np.ndarray, Sketches]) -> None:
    inked = np.asarray(some[1].x > 0)
    for axis in (1, 2):
        assert not np.asarray(inked.any(axis))[:, [0, SIDE - 1]].any()
    reach = np.stack([np.asarray(inked.any(axis))[:, [1, SIDE - 2]].all(1) for axis in (1, 2)])
    assert reach.any(0).all()


def test_means_do_not_tell_the_classes_apart_but_do_help(some: tuple[np.ndarray, Sketches]) -> None:
    y, drawn = some
    assert 0.5 < nearest_mean(drawn.x, y) < 0.8  # chance is 1 / 7


@pytest.mark.parametrize("k", range(len(CLASSES)))
def test_a_class_is_drawn_in_several_ways_that_look_different(k: int, some: tuple[np.ndarray, Sketches]) -> None:
    """Ways of one class differ from one another by more than chance, and come as often as they should."""
    thing = THINGS[CLASSES[k]]
    mode, x = some[1].mode[some[0] == k], some[1].x[some[0] == k]
    assert len(thing.modes) == len(thing.weights) > 1
    assert sum(thing.weights) == pytest.approx(1)
    assert (mode == SCRIBBLE).mean() < 0.08
    for way, weight in enumerate(thing.weights):
        assert (mode == way).mean() == pytest.approx(weight, abs=4 * np.sqrt(weight * (1 - weight) / len(mode)))
    half = len(mode) // 2
    pixels = x.reshape(len(x), -1) / 255
    means = np.stack([pixels[:half][mode[:half] == way].mean(0) for way in range(len(thing.modes))])
    found = ((pixels[half:, None] - means) ** 2).sum(-1).argmin(1)
    right = np.mean([(found[mode[half:] == way] == way).mean() for way in range(len(thing.modes))])
    assert right > 1 / len(thing.modes) + 0.1


def test_the_ways_of_a_class_are_told_with_their_shares() -> None:
    assert ways("moon") == "crescent 62%, full 38%"  # the source's two moons


def test_a_hand_keeps_the_first_stroke_and_adds_no_point() -> None:
    rng = np.random.default_rng(0)
    pens = []
    for _ in range(300):
        pens.append(Pen(rng))
        THINGS["penguin"].draw(pens[-1], 0)
    exact = Strokes.of([pen.strokes for pen in pens])
    found = by_hand(exact, rng)
    assert np.array_equal(np.unique(found.drawing), np.arange(300))
    first = exact.stroke[np.searchsorted(exact.drawing, np.arange(300))]
    assert np.isin(first, found.stroke).all()
    sizes = np.bincount(exact.stroke)
    kept, n = np.unique(found.stroke, return_counts=True)
    np.testing.assert_array_equal(n, sizes[kept])
    assert 0.9 < len(kept) / len(sizes) < 0.99


def test_they_are_drawn_once_and_again_where_the_file_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    first = FEW.load("few")
    (path,) = (tmp_path / "few").iterdir()
    monkeypatch.setattr(sketches, "draw", None)  # nothing is drawn
    again = FEW.load("few")
    monkeypatch.undo()
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    path.write_bytes(b"other")
    third = FEW.load("few")
    for one, two, three in zip(first, again, third, strict=True):
        assert torch.equal(one.x, two.x)
        assert torch.equal(one.x, three.x)
        assert torch.equal(one.y, three.y)
    assert [len(part) for part in first] == [80, 20, 40]
    path.parent.rename(tmp_path / "away")
    (tmp_path / "few").write_text("no folder")
    assert torch.equal(FEW.load("few").test.x, first.test.x)


def test_the_splits_are_those_that_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    nothing = Sketches(np.zeros((10_500, SIDE, SIDE), np.uint8), np.zeros(10_500, np.int64))
    monkeypatch.setattr(sketches, "draw", lambda *_: nothing)  # drawing takes seconds
    splits = load("sketches")
    assert [len(part) for part in splits] == [8_400, 600, 1_500]
    assert splits.train.spec == spec_of("sketches")
    assert splits.train.classes == ("lollipop", "canoe", "penguin", "eyeglasses", "apple", "moon", "cup")
    assert torch.cat([part.y for part in splits]).bincount().tolist() == [1_500] * 7
