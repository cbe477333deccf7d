"""Linear separability against planted classes."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.conditional.separability import linear_separability
from tests.conftest import naming


def blobs(gap: float, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two classes in ten dimensions, `gap` apart along the first of two wide ones."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    z = rng.normal(size=(n, 10)) * np.array([3, 2] + [0.1] * 8)
    z[:, 0] += gap * (2 * y - 1)
    return z, y


@pytest.mark.parametrize(("gap", "least", "most"), [(20.0, 1.0, 1.0), (3.0, 0.78, 0.9), (0.0, 0.4, 0.6)])
def test_classes_are_separable_as_far_as_they_were_planted_apart(gap: float, least: float, most: float) -> None:
    found = linear_separability(*blobs(gap))  # Φ(1) = 0.84 for a gap of one standard deviation
    assert found.places.shape == (400, 2)
    assert least <= found.accuracy <= most


def test_what_is_beyond_the_components_does_not_count() -> None:
    z, y = blobs(0.0)
    z[:, 9] = 2 * y - 1  # separates the classes, in a dimension too small for the first two components
    assert linear_separability(z, y).accuracy < 0.6
    assert linear_separability(z, y, k=10).accuracy == 1


def test_what_was_fitted_is_not_what_is_scored() -> None:
    rng = np.random.default_rng(0)
    shuffled = [
        linear_separability(rng.normal(size=(40, 15)), np.arange(40) % 2, k=15, seed=seed).accuracy
        for seed in range(10)
    ]
    assert np.mean(shuffled) < 0.65  # the fitted half would be right nearly always


@pytest.mark.parametrize("y", [[0] * 8, [0] * 7 + [1]])
def test_a_single_class_or_a_single_example_is_refused(y: list[int]) -> None:
    with pytest.raises(ValueError, match=naming("examples")):
        linear_separability(np.random.default_rng(0).normal(size=(8, 3)), y)
