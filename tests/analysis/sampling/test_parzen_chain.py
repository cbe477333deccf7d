"""The chain by Parzen windows against its limits: exact posterior of one dimension, and how it lies about the data."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.sampling.parzen_chain import coverage, parzen_chains
from latentlab.data import DENSITIES, load


def test_two_points_are_reached_as_their_windows_say() -> None:
    """With points at 0 and 1, and many copies, P(x = 0 | x̃) is Bayes' for noise of γ: both are visited as often."""
    points = np.array([[0.0], [1.0]])
    found = parzen_chains(points, 0.6, 0.05, 200, 2, 4_000, 0)
    assert found.shape == (4_000, 2, 1)
    near = found > 0.5
    assert near.mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(np.abs(found - near).std(), 0.05 * np.sqrt(1 - 2 / np.pi), rtol=0.03)
    z = np.linspace(-4, 5, 2_001)
    p = np.exp(-np.square(z[:, None] - points[:, 0]) / (2 * 0.6**2))
    noisy = p / p.sum(0)
    back = p[:, 1] / p.sum(1)
    assert (near[1:] & ~near[:-1]).sum() / (~near[:-1]).sum() == pytest.approx(noisy[:, 0] @ back, abs=0.02)
    alone = parzen_chains(points[:1], 0.1, 0.0 + 0.01, 1, 1, 500, 0)
    assert alone.mean() == pytest.approx(0, abs=0.002)
    assert alone.std() == pytest.approx(0.01, rel=0.1)


def test_on_a_curve_in_ten_dimensions_one_chain_sees_a_part() -> None:
    """About .045 from the curve, where the data are .031; a chain of 5,000 steps is unevenly along it."""
    train = load("curve").train.x.double().numpy()
    curve = DENSITIES["curve"].means.double().numpy()
    points, data = train[:500], train[-5_000:]
    assert coverage(data, curve, data).distance == pytest.approx(0.031, abs=0.001)
    one = coverage(parzen_chains(points, 0.1, 0.01, 1, 1, 5_000, 0)[:, 0], curve, data)
    many = coverage(parzen_chains(points, 0.1, 0.01, 1, 50, 100, 0).reshape(-1, 10), curve, data)
    for found in (one, many):
        assert found.distance == pytest.approx(0.044, abs=0.003)
    assert one.uneven > 0.6
    assert many.uneven < 0.4
