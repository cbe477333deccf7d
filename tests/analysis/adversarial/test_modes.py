"""Modes that are reached, against samples that are put there."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from latentlab.analysis.adversarial.modes import WITHIN, mode_coverage

MEANS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
STDS = np.array([[1.0, 0.1], [0.5, 0.5], [2.0, 2.0]])
DUE = np.array([0.5, 0.3, 0.2])


def test_a_sample_counts_where_it_is_near_in_that_modes_own_deviations() -> None:
    samples = np.array([[2.9, 0.0], [0.0, 0.29], [0.0, 0.31], [10, 1.49], [10, 1.51], [0, 15.9]], np.float32)
    found = mode_coverage(samples, MEANS, STDS, DUE)
    assert found.nearest.tolist() == [0, 0, 0, 1, 1, 2]
    assert found.is_near.tolist() == [True, True, False, True, False, True]
    np.testing.assert_allclose(found.shares, [2 / 6, 1 / 6, 1 / 6])
    assert found.near == pytest.approx(4 / 6)


def test_the_data_reach_all_modes_and_miss_few() -> None:
    rng = np.random.default_rng(0)
    k = rng.choice(3, 20_000, p=DUE)
    samples = (MEANS[k] + STDS[k] * rng.normal(size=(20_000, 2))).astype(np.float32)
    found = mode_coverage(samples, MEANS, STDS, DUE)
    assert found.reached.all()
    np.testing.assert_allclose(found.shares, DUE, atol=0.015)
    assert found.near == pytest.approx(scipy.stats.chi2(2).cdf(WITHIN**2), abs=0.003)


def test_a_few_samples_do_not_reach_a_mode() -> None:
    counts = (900, 29, 21)  # a tenth of what is due to the second would be 28.5, of the third 19
    samples = np.repeat(MEANS, counts, 0).astype(np.float32)
    assert mode_coverage(samples, MEANS, STDS, DUE).reached.tolist() == [True, True, True]
    assert mode_coverage(samples[:-3], MEANS, STDS, DUE).reached.tolist() == [True, True, False]
