"""Principal components against scikit-learn and the singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import decomposition

from latentlab.analysis.latent.axes import CHUNK
from latentlab.analysis.latent.pca import pca
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


def test_scores_of_more_vectors_than_a_chunk_are_the_whole_product() -> None:
    x = np.random.default_rng(0).normal(5, 2, (2 * CHUNK + 3, 4)).astype(np.float32)
    found = pca(x, 3)
    whole = (x.astype(np.float64) - found.mean) @ found.components.T
    np.testing.assert_allclose(found.project(x), whole, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(found.axes((2, 0)).project(x), found.project(x)[:, [2, 0]])


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
