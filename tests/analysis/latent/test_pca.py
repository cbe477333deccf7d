"""Principal components against the singular value decomposition, axes against what they project and give back."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import decomposition

from latentlab.analysis.latent.pca import Axes, class_directions, pca
from tests.conftest import naming

X = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 6)) + 5


def test_it_is_scikit_learns() -> None:
    ours, theirs = pca(X, 4), decomposition.PCA(4, svd_solver="full").fit(X)
    np.testing.assert_allclose(np.abs(np.sum(ours.components * theirs.components_, 1)), 1, rtol=1e-5)
    np.testing.assert_allclose(ours.variance, theirs.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(ours.share, theirs.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(np.abs(ours.project(X)), np.abs(theirs.transform(X)), rtol=1e-3, atol=1e-3)


def test_the_variances_are_the_squared_singular_values() -> None:
    singular = np.linalg.svd(X - X.mean(0), compute_uv=False)
    variances = singular**2 / (len(X) - 1)
    np.testing.assert_allclose(pca(X, 6).variance, variances, rtol=1e-5, atol=1e-6 * variances[0])


def test_components_are_orthonormal_with_a_fixed_sign() -> None:
    components = pca(X, 6).components
    np.testing.assert_allclose(components @ components.T, np.eye(6), atol=1e-6)
    assert (components[np.arange(6), np.abs(components).argmax(1)] > 0).all()
    np.testing.assert_allclose(pca(X[::-1], 6).components, components, atol=1e-5)


def test_constant_data_have_no_variance_and_no_nan() -> None:
    found = pca(np.ones((5, 3)), 2)
    assert found.variance.tolist() == found.share.tolist() == [0, 0]


@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 0), (5, 7)])
def test_what_cannot_be_is_refused(n: int, k: int) -> None:
    with pytest.raises(ValueError, match=naming(k, n, X.shape[1])):
        pca(X[:n], k)


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
