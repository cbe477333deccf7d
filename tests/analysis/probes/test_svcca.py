"""Canonical correlations: by their definition, and unchanged by whatever turns and stretches a layer."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.probes.svcca import canonical_correlations, directions, likeness_to_last, svcca, unrelated
from latentlab.runs.store import Store

RNG = np.random.default_rng(0)


def test_two_columns_have_their_correlation() -> None:
    a = RNG.normal(size=(300, 1))
    b = 0.6 * a + RNG.normal(size=(300, 1))
    assert svcca(a, b) == pytest.approx(abs(np.corrcoef(a[:, 0], b[:, 0])[0, 1]), abs=1e-12)


def test_they_are_the_roots_of_the_generalised_eigenvalues() -> None:
    a, mix = RNG.normal(size=(500, 4)), RNG.normal(size=(4, 3))
    b = a @ mix + RNG.normal(size=(500, 3))
    joint = np.cov(np.hstack([a, b]).T)
    aa, ab, bb = joint[:4, :4], joint[:4, 4:], joint[4:, 4:]
    values = np.linalg.eigvals(np.linalg.solve(bb, ab.T) @ np.linalg.solve(aa, ab))
    found = canonical_correlations(directions(a, 1), directions(b, 1))
    np.testing.assert_allclose(found, np.sqrt(np.sort(values.real)[::-1]), atol=1e-10)


def test_invertible_maps_change_nothing_and_unrelated_layers_follow_the_quarter_circle() -> None:
    a, b = RNG.normal(size=(400, 6)), RNG.normal(size=(400, 5))
    turned = a @ RNG.normal(size=(6, 6)) + 3
    assert svcca(a, turned, 1) == pytest.approx(1, abs=1e-9)
    assert svcca(turned, b, 1) == pytest.approx(svcca(a, b, 1), abs=1e-9)
    wide = [svcca(RNG.normal(size=(2_000, 20)), RNG.normal(size=(2_000, 20)), 1) for _ in range(3)]
    assert np.mean(wide) == pytest.approx(unrelated(20, 2_000), rel=0.03)


def test_directions_without_variance_do_not_count() -> None:
    strong, weak = RNG.normal(size=(300, 2)), 1e-3 * RNG.normal(size=(300, 2))
    assert directions(np.hstack([strong, weak])).shape == (300, 2)
    assert directions(np.hstack([strong, strong]), 1).shape == (300, 2)
    assert svcca(np.hstack([strong, weak]), strong) == pytest.approx(1, abs=1e-5)
    assert np.isnan(svcca(np.ones((10, 3)), RNG.normal(size=(10, 2))))
    with pytest.raises(ValueError, match="same examples"):
        svcca(np.ones((10, 3)), np.ones((9, 3)))


def test_a_training_comes_nearer_to_its_end() -> None:
    store = Store.default()
    models = [store.load("digits-cnn", epoch) for epoch in (0, 10, None, None)]
    layers, values = likeness_to_last(models, store.examples("digits-cnn").x, 16)
    assert values.shape == (len(layers), 3)
    np.testing.assert_allclose(values[:, 2], 1, atol=1e-9)
    assert (values[:, 0] < values[:, 1]).mean() > 0.5
