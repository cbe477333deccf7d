"""Kernel principal components: by an eigendecomposition, as an isometry, and on classes that no line separates."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform

from latentlab.analysis.probes.kernel_components import components, errors_of, kernel_errors
from latentlab.runs.store import Store


def test_they_are_the_eigenvectors_of_the_centred_kernel() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3))
    distances = pdist(x)
    kernel = np.exp(-(squareform(distances) ** 2) / (2 * np.median(distances) ** 2))
    centre = np.eye(40) - 1 / 40
    values, vectors = np.linalg.eigh(centre @ kernel @ centre)
    expected = vectors[:, ::-1][:, :5] * np.sqrt(values[::-1][:5])
    found = components(x, 40, 5)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-5)


def test_all_linear_ones_keep_every_distance() -> None:
    x = np.random.default_rng(1).normal(size=(60, 4))
    found = components(x, 50, 4, "linear")
    assert found.shape == (60, 4)
    np.testing.assert_allclose(pdist(found), pdist(x), rtol=1e-4)  # also of those that came after


def test_rings_are_simple_for_few_gaussian_ones_and_for_no_linear_ones() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 400)
    angle, radius = rng.uniform(0, 2 * np.pi, 400), 1 + 2 * y + rng.normal(0, 0.1, 400)
    x, sizes = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), (200, 50, 150)
    two, sixteen = errors_of(components(x, 200, 16), y, sizes, 2, (2, 16))
    assert sixteen < 0.01 < 0.3 < two  # the two widest only say where on the ring
    straight = errors_of(components(x, 200, 16, "linear"), y, sizes, 2, (2, 16))
    assert straight[0] > 0.3
    assert np.isnan(straight[1])  # a plane has two


def test_a_trained_network_has_made_the_problem_simpler() -> None:
    store = Store.default()
    data = store.examples("digits-cnn")
    sizes = (160, 40, len(data) - 200)
    after, before = (
        kernel_errors(store.load("digits-cnn", epoch), data.x, data.y.numpy(), sizes, 10, (4, 16), limit=64)
        for epoch in (None, 0)
    )
    assert after.layers == before.layers
    assert after.errors.shape == (len(after.layers), 2)
    np.testing.assert_array_equal(after.errors[0], before.errors[0])  # the input
    assert after.errors[-1, 0] < before.errors[-1, 0] - 0.1


def test_a_constant_layer_has_none() -> None:
    assert components(np.ones((9, 5)), 6, 4).shape == (9, 0)
