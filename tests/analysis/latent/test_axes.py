"""Axes against what they project and give back, and directions towards classes against planted means."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.latent.axes import Axes, class_directions
from latentlab.analysis.latent.pca import pca

X = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 6)) + 5


def test_the_way_towards_a_class_joins_the_means() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 3, 500)
    centers = np.array([[4.0, 0, 0], [0, 4, 0], [0, 0, 4]])
    ways = class_directions(centers[y] + 0.01 * rng.normal(size=(500, 3)), y, 4)
    np.testing.assert_allclose(np.linalg.norm(ways[:3], axis=1), 1, rtol=1e-6)
    assert (ways @ centers.T).argmax(1)[:3].tolist() == [0, 1, 2]
    rest = centers[y[y != 0]].mean(0)
    expected = (centers[0] - rest) / np.linalg.norm(centers[0] - rest)
    np.testing.assert_allclose(ways[0], expected, atol=5e-3)
    assert ways[3].tolist() == [0, 0, 0]
    assert class_directions(np.ones((3, 2)), np.zeros(3), 1).tolist() == [[0, 0]]


def test_a_place_is_given_back_the_code_that_is_drawn_there() -> None:
    rng = np.random.default_rng(3)
    oblique = rng.normal(size=(2, 6)).astype(np.float32)
    axes = Axes(oblique, np.zeros(6, np.float32), X.mean(0).astype(np.float32))
    np.testing.assert_allclose(axes.project(X), X @ oblique.T, rtol=1e-4, atol=1e-4)
    code = axes.code([1.5, -2.0])
    np.testing.assert_allclose(axes.project(code[None])[0], [1.5, -2.0], atol=1e-4)
    null = np.linalg.svd(oblique)[2][2:]  # what the axes don't see stays as at the center: no nearer code is there
    np.testing.assert_allclose(null @ code, null @ X.mean(0), atol=1e-3)
    np.testing.assert_allclose(axes.code(axes.project(X.mean(0)[None])[0]), X.mean(0), rtol=1e-4)


def test_the_same_axis_twice_still_has_a_code() -> None:
    both = pca(X, 3).axes((1, 1))
    np.testing.assert_allclose(both.project(both.code([2.0, 2.0])[None])[0], [2, 2], atol=1e-4)


def test_a_code_in_the_plane_of_two_components_comes_back() -> None:
    axes = pca(X, 6).axes((0, 2))
    code = X.mean(0) + 3 * axes.directions[0] - axes.directions[1]
    np.testing.assert_allclose(axes.project(code[None])[0], [3, -1], atol=1e-4)
    np.testing.assert_allclose(axes.code([3.0, -1.0]), code, rtol=1e-4, atol=1e-4)
