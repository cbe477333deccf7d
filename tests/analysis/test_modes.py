"""Modes within a class: found where there are some, and not where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from latentlab.analysis.modes import agreement, blurred, clearest, modes
from latentlab.data.builtin.sketches.drawn import CLASSES, SCRIBBLE, draw


def bars(n: int, at: tuple[int, ...], shares: tuple[float, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Upright bars near some columns of 28 x 28, and near which of them each is."""
    rng = np.random.default_rng(seed)
    which = rng.choice(len(at), n, p=shares)
    x = np.zeros((n, 1, 28, 28), np.float32)
    columns = np.array(at)[which] + rng.integers(-1, 2, n)
    for one, column in zip(x, columns, strict=True):
        one[0, 4:24, column] = 1
    return x, which


def test_groups_are_found_with_their_shares_means_and_nearest_images() -> None:
    x, which = bars(300, (4, 14, 23), (0.2, 0.5, 0.3))
    found = modes(x, 3, 5)
    assert adjusted_rand_score(which, found.group) == 1
    np.testing.assert_allclose(found.share, np.sort(np.bincount(which))[::-1] / 300)
    points = blurred(x)
    for k in range(3):
        inside = found.group == k
        np.testing.assert_allclose(found.mean[k], x[inside].mean(0), atol=1e-6)
        apart = np.linalg.norm(points - points[inside].mean(0), axis=1)
        np.testing.assert_array_equal(np.sort(apart[inside])[:5], apart[found.nearest[k]])
    with pytest.raises(ValueError, match="2"):
        modes(x[:2], 3, 1)


def test_halves_agree_where_there_are_groups_and_not_otherwise() -> None:
    x, _ = bars(90, (4, 14, 23), (0.3, 0.4, 0.3))
    of = {one.k: one for one in agreement(x, (3, 5))}
    assert of[3].mean == pytest.approx(1)
    assert of[3].is_clear
    assert of[5].mean < of[3].mean
    assert clearest(tuple(of.values())) == of[3]
    noise = np.random.default_rng(0).random((90, 1, 14, 14), np.float32)
    assert clearest(agreement(noise, (2, 3))) is None
    long = noise * 0.01 + np.random.default_rng(1).random((90, 1, 1, 1), np.float32)  # one direction, and no groups
    (alone,) = agreement(long, (2,))
    assert alone.mean > 0.7
    assert alone.null > 0.7
    assert agreement(x[:7], (2, 3)) == ()
    assert [one.k for one in agreement(x[:9], (2, 3))] == [2]


def test_of_the_sketches_the_two_moons_are_different_modes() -> None:
    """k-means knows nothing of how they were drawn; its groups hold one way each, more often than a guess would."""
    k = CLASSES.index("moon")
    drawn = draw(np.full(400, k), np.random.default_rng(2))
    known = drawn.mode != SCRIBBLE
    found = modes(drawn.x[:, None].astype(np.float32) / np.float32(255), 4, 5)
    table = np.zeros((4, 2))
    np.add.at(table, (found.group[known], drawn.mode[known]), 1)
    assert table.max(1).sum() / known.sum() > max(table.sum(0)) / known.sum() + 0.1
