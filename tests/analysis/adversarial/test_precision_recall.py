"""Precision and recall against scikit-learn's neighbours, and on sets that are planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from latentlab import device
from latentlab.analysis.adversarial import precision_recall as module
from latentlab.analysis.adversarial.precision_recall import precision_recall

RNG = device.generator(0)
REAL = torch.randn(300, 4, generator=RNG)


def by_hand(real: Tensor, samples: Tensor, k: int) -> float:
    """Precision, by scikit-learn's neighbours and a loop."""
    radii = NearestNeighbors(n_neighbors=k + 1).fit(real.numpy()).kneighbors(real.numpy())[0][:, -1]
    inside = [bool((np.linalg.norm(real.numpy() - one, axis=1) <= radii).any()) for one in samples.numpy()]
    return float(np.mean(inside))


@pytest.mark.parametrize("k", [1, 3, 7])
def test_it_is_that_of_a_loop(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 70)
    samples = 1.5 * torch.randn(200, 4, generator=RNG) + 0.5
    found = precision_recall(REAL, samples, k)
    assert found.precision == pytest.approx(by_hand(REAL, samples, k))
    assert found.recall == pytest.approx(by_hand(samples, REAL, k))


def test_one_good_sample_again_and_again_is_precise_and_covers_nothing() -> None:
    samples = REAL[:1] + 1e-6 * torch.randn(300, 4, generator=RNG)
    found = precision_recall(REAL, samples)
    assert found.precision == 1
    assert found.recall <= 0.01


def test_samples_that_are_too_wide_cover_all_and_are_imprecise() -> None:
    found = precision_recall(REAL, 6 * torch.randn(300, 4, generator=RNG))
    assert found.precision < 0.2
    assert found.recall > 0.9


def test_half_of_the_modes_is_half_of_the_recall() -> None:
    modes = torch.cat([REAL, REAL + 50])
    found = precision_recall(modes, torch.randn(600, 4, generator=RNG))
    assert found.precision > 0.8
    assert found.recall == pytest.approx(0.5, abs=0.05)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="3"):
        precision_recall(REAL[:3], REAL)
