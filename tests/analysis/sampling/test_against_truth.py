"""How far draws are from the truth, where that can be worked out by hand or by the statistics of independent draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentlab import device
from latentlab.analysis.box import Box
from latentlab.analysis.sampling.against_truth import N_CELLS, as_samples, expected_noise, from_centres, in_cells
from latentlab.analysis.sampling.plane import shade
from latentlab.data import DENSITIES, mixture

BOX = Box(-4.0, 4.0, -3.0, 4.0)


def test_independent_draws_are_as_far_in_cells_as_noise_alone() -> None:
    density = DENSITIES["mixture"]
    draws = density.sample(40_000, device.generator(0)).numpy()
    found = in_cells(draws, density, np.empty(0), BOX)
    assert found.total_variation == pytest.approx(found.noise, rel=0.15)
    assert found.unreached < 1e-3
    right = in_cells(draws[draws[:, 0] > 0], density, np.empty(0), BOX)
    assert right.unreached == pytest.approx((draws[:, 0] < 0).mean(), abs=0.01)
    moved = in_cells(draws + np.array([1.0, 0.0]), density, np.empty(0), BOX)
    assert moved.total_variation > 10 * moved.noise


def test_a_shade_stands_for_a_truth_that_has_no_closed_form() -> None:
    density = DENSITIES["mixture"]
    draws = density.sample(2_000, device.generator(0)).numpy()
    exact = in_cells(draws, density, np.empty(0), BOX)
    shaded = in_cells(draws, None, 7 * shade(density.log_prob, BOX, n=3 * N_CELLS), BOX)
    assert shaded.masses.sum() == pytest.approx(1)
    np.testing.assert_allclose(shaded.masses, exact.masses, atol=2e-4)
    np.testing.assert_array_equal(shaded.shares, exact.shares)


def test_the_noise_in_cells_is_that_of_a_multinomial() -> None:
    masses, n = np.random.default_rng(0).dirichlet(np.ones(400)).reshape(20, 20), 10_000
    # of a normal deviation of variance p (1 - p) / n the mean size is √(2 p (1 - p) / (π n))
    wanted = 0.5 * np.sqrt(2 * masses * (1 - masses) / (math.pi * n)).sum()
    found = [expected_noise(3 * masses, n, seed) for seed in range(30)]
    assert np.mean(found) == pytest.approx(wanted, rel=0.02)


def test_samples_that_are_moved_are_as_far_as_they_were_moved() -> None:
    density = mixture([[0.0, 0.0]], 1.0)
    draws = density.sample(20_000, device.generator(0)).numpy()
    alike, moved = as_samples(draws, density), as_samples(draws + np.array([0.0, 2.0]), density)
    np.testing.assert_allclose(alike.wasserstein, 0, atol=0.05)
    np.testing.assert_allclose(moved.wasserstein, [0, 2], atol=0.05)
    assert abs(alike.mmd.value - alike.mmd.null) < 5 * alike.mmd.null_std
    assert moved.mmd.value > 50 * moved.mmd.null_std


@pytest.mark.parametrize("dim", [2, 10])
def test_draws_of_one_gaussian_lie_as_far_from_its_centre_as_chi_says(dim: int) -> None:
    density = mixture([[1.0] * dim], 0.3)
    draws = density.sample(30_000, device.generator(0)).numpy()
    limit = 6 * math.sqrt(max(1, dim - 1) / 2)
    last = np.ones((4, dim))
    last[:2, 0] += 0.3 * limit * np.array([0.99, 1.01])  # inside and outside of what is far
    last[3] += 100
    found = from_centres(draws, last, density)
    assert found.width == pytest.approx(0.3)
    assert found.n_far == 2
    assert found.rms == pytest.approx(math.sqrt(dim), rel=0.02)
    assert found.share_far < 1e-3  # of a plane exp(-9)
    assert from_centres(draws + 100, last, density).share_far == 1
