"""Named directions of a space: along its dimensions, towards its classes, and maps along two of them."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.maps.directions import N_DIMENSIONS, along, by_variance, named_directions

RNG = np.random.default_rng(0)


def test_dimensions_are_ordered_by_how_much_they_vary() -> None:
    z = (RNG.normal(size=(5_000, 4)) * [1, 5, 0.1, 3] + [9, 0, 50, 0]).astype(np.float32)
    assert by_variance(z).tolist() == [1, 3, 0, 2]
    assert len(by_variance(RNG.normal(size=(3, 300)).astype(np.float32))) == N_DIMENSIONS


def test_the_way_towards_a_class_leads_from_the_others_mean_to_its_own() -> None:
    z = np.array([[0, 0], [0, 2], [3, 1], [5, 1]], np.float32)
    found = named_directions(z, ["u", "v"], np.array([1, 0]), np.array([0, 0, 1, 1]), ["a", "b", "none"])
    assert list(found) == ["v", "u", "towards a", "towards b"]  # a class without examples has no direction
    np.testing.assert_array_equal([found["u"], found["v"]], np.eye(2))
    np.testing.assert_allclose(found["towards b"], [1, 0], atol=1e-6)
    np.testing.assert_allclose(found["towards a"], [-1, 0], atol=1e-6)


def test_a_map_along_two_directions_has_the_codes_own_coordinates() -> None:
    z = RNG.normal(size=(20, 3)).astype(np.float32)
    known = named_directions(z, ["a", "b", "c"], np.arange(3), np.zeros(20, int), ["all"])
    axes = along(known, z.mean(0), "c", "a")
    np.testing.assert_allclose(axes.project(z), z[:, [2, 0]], rtol=1e-6)
    code = axes.code([0.3, -0.7])
    np.testing.assert_allclose(code, [-0.7, z[:, 1].mean(), 0.3], rtol=1e-5)
    with pytest.raises(KeyError):
        along(known, z.mean(0), "c", "d")
