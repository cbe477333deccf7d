"""Decision surfaces of classifiers known by hand, and parting against planted classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.analysis.conditional.decision_surface import decision, parting
from tests.conftest import naming


def tilted(x: Tensor) -> Tensor:
    """Class 1 where x + 2 y > 1, the surer the further."""
    logit = x[:, 0] + 2 * x[:, 1] - 1
    return F.logsigmoid(torch.stack([-logit, logit], 1))


def test_a_surface_is_the_classifier_at_each_place() -> None:
    found = decision(tilted, (-2, -1), (3, 1.1), n=101)
    assert found.probs.shape == (101, 101, 2)
    assert (found.x[0], found.x[-1], found.y[0], found.y[-1]) == (-2, 3, -1, np.float32(1.1))
    expected = 1 / (1 + np.exp(-(found.x[None] + 2 * found.y[:, None] - 1)))
    np.testing.assert_allclose(found.probs[..., 1], expected, rtol=1e-4)
    np.testing.assert_array_equal(found.classes, (expected > 0.5).astype(int))


def test_a_large_grid_is_classified_in_parts() -> None:
    seen: list[int] = []

    def noted(x: Tensor) -> Tensor:
        seen.append(len(x))
        return tilted(x)

    whole = decision(noted, (0, 0), (1, 1), n=120)
    assert len(seen) > 1
    assert sum(seen) == 120**2
    np.testing.assert_allclose(whole.probs.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize(("low", "high", "n"), [((0, 0), (1, 0), 9), ((0, 0), (1, 1), 1), ((0, 0, 0), (1, 1, 1), 9)])
def test_a_grid_that_is_none_is_refused(low: tuple[float, ...], high: tuple[float, ...], n: int) -> None:
    with pytest.raises(ValueError, match="corners"):
        decision(tilted, low, high, n)


def blobs(gap: float, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two classes in ten dimensions, `gap` apart along the first of two wide ones."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    z = rng.normal(size=(n, 10)) * np.array([3, 2] + [0.1] * 8)
    z[:, 0] += gap * (2 * y - 1)
    return z, y


@pytest.mark.parametrize(("gap", "least", "most"), [(20.0, 1.0, 1.0), (3.0, 0.78, 0.9), (0.0, 0.4, 0.6)])
def test_classes_part_as_far_as_they_were_planted_apart(gap: float, least: float, most: float) -> None:
    found = parting(*blobs(gap))  # Φ(1) = 0.84 for a gap of one standard deviation
    assert found.places.shape == (400, 2)
    assert least <= found.accuracy <= most


def test_what_is_beyond_the_components_does_not_count() -> None:
    z, y = blobs(0.0)
    z[:, 9] = 2 * y - 1  # parts the classes, in a dimension too small for the first two components
    assert parting(z, y).accuracy < 0.6
    assert parting(z, y, k=10).accuracy == 1


def test_what_was_fitted_is_not_what_is_scored() -> None:
    rng = np.random.default_rng(0)
    shuffled = [parting(rng.normal(size=(40, 15)), np.arange(40) % 2, k=15, seed=seed).accuracy for seed in range(10)]
    assert np.mean(shuffled) < 0.65  # the fitted half would be right nearly always


@pytest.mark.parametrize("y", [[0] * 8, [0] * 7 + [1]])
def test_classes_that_cannot_part_are_refused(y: list[int]) -> None:
    with pytest.raises(ValueError, match=naming("examples")):
        parting(np.random.default_rng(0).normal(size=(8, 3)), y)
