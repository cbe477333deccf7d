"""Decision surfaces of classifiers known by hand, and linear_separability against planted classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.analysis.conditional.decision_surface import decision


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
