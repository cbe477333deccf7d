"""A denoiser beside its density: the optimum agrees with it, a wrong one is as wrong as can be worked out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import Denoiser, OnLattice, against_truth, agreement_with, asymmetry
from latentlab.analysis.score.field import Denoise, curl, lattice
from latentlab.analysis.score.fixed_points import basins
from latentlab.data import DENSITIES, Dataset, Density, Kind, mixture

BOX = Box(-3.0, 3.0, -2.0, 2.5)
ROUND = mixture([[0.0, 0.0]], 1.0)
NO_DATA = Dataset("none", torch.zeros(0, 2), torch.zeros(0).long(), ("data",), Kind.PLANE)


def denoiser_of(density: Density, denoise: Denoise, sigma: float = 0.3) -> Denoiser:
    return Denoiser("key", "name", denoise, sigma, NO_DATA, density, BOX)


def optimum(name: str, sigma: float = 0.3) -> Denoiser:
    density = DENSITIES[name]
    return denoiser_of(density, lambda x: density.denoise(x, sigma), sigma)


@pytest.mark.parametrize("name", ["mixture", "moons"])
def test_the_optimal_denoiser_agrees_with_the_truth_wholly(name: str) -> None:
    found, ratio = against_truth(optimum(name))
    assert found.median_cosine == pytest.approx(1, abs=1e-5)
    assert found.relative_rms == pytest.approx(0, abs=1e-3)
    assert ratio == pytest.approx(1, abs=1e-5)


def test_a_denoiser_that_does_nothing_loses_as_much_as_the_noise() -> None:
    """Of N(0, 1) and σ = 2: the optimum x / 5 leaves 4 / 5 of variance a coordinate, doing nothing leaves 4."""
    found, ratio = against_truth(denoiser_of(ROUND, lambda x: x, 2.0), n=20_000)
    assert found.relative_rms == pytest.approx(1)
    assert ratio == pytest.approx(5, rel=0.03)


def test_the_score_of_a_denoiser_that_goes_half_the_way_is_half_the_true_one_in_any_dimension() -> None:
    deep = mixture([[0.0] * 7], 1.0)
    found = agreement_with(deep, lambda x: 0.5 * (x + deep.denoise(x, 0.5)), 0.5)
    assert found.median_cosine == pytest.approx(1, abs=1e-5)
    assert found.relative_rms == pytest.approx(0.5, abs=1e-4)


def test_on_a_lattice_the_optimum_has_the_energy_and_the_score_of_the_noisy_density() -> None:
    best = optimum("mixture")
    seen = OnLattice(best, BOX, 40)
    np.testing.assert_allclose(seen.field.score, seen.true_score, atol=1e-3)
    np.testing.assert_allclose(seen.path_energy, seen.true_energy, atol=0.15)
    assert seen.true_energy.min() == 0
    x = lattice(BOX, 40)
    energy = -DENSITIES["mixture"].blurred(0.3).log_prob(x.double()).reshape(40, 40).numpy()
    np.testing.assert_allclose(seen.true_energy, energy - energy.min(), atol=1e-3)
    assert np.abs(seen.rotation).max() < 1e-4
    assert asymmetry(best) < 1e-4


def test_a_denoiser_that_turns_is_no_gradient() -> None:
    turn = torch.tensor([[0.5, -0.2], [0.2, 0.5]])

    def denoise(x: Tensor) -> Tensor:
        return x @ turn.T.to(x)

    turned = denoiser_of(ROUND, denoise)
    np.testing.assert_allclose(OnLattice(turned, BOX, 5).rotation, 0.4, rtol=1e-5)
    wanted = math.sqrt(2 * 0.4**2) / math.sqrt(2 * 0.5**2 + 2 * 0.2**2)  # |J - Jᵀ| / |J|
    assert asymmetry(turned) == pytest.approx(wanted, rel=1e-5)
    np.testing.assert_allclose(curl(denoise, torch.zeros(1, 2)).asymmetry, wanted, rtol=1e-5)


def test_an_attractor_is_spurious_if_it_lies_five_noises_from_the_data() -> None:
    density = mixture([[0.0, 0.0]], 0.04)

    def denoise(x: Tensor) -> Tensor:  # two sinks, at 0 and at (2, 0)
        return torch.where(x[:, :1] > 1, torch.tensor([2.0, 0.0]), torch.zeros(2)).expand_as(x)

    near = denoiser_of(density, denoise, 0.03)
    assert near.far == pytest.approx(5 * 0.05)
    found = basins(denoise, Box(-3.0, 3.0, -1.0, 1.0), 12)
    np.testing.assert_array_equal(near.is_spurious(found), found.attractors[:, 0] > 1)
    share, still, drifting = near.off(found)
    assert (still, drifting) == (1, 0)
    assert share == pytest.approx(4 / 12)  # of twelve columns four lie right of 1
    wide = denoiser_of(density, denoise, 1.0)
    assert wide.off(found) == (0, 0, 0)


def test_the_distance_to_the_data_is_that_to_the_nearest_centre() -> None:
    pair = denoiser_of(mixture([[0.0, 0.0], [10.0, 0.0]], 1.0), lambda x: x)
    places = np.array([[3.0, 4.0], [10.0, -2.0], [np.nan, 0.0]])
    np.testing.assert_allclose(pair.distance(places), [5, 2, np.nan])
    assert pair.distance(np.empty((0, 2))).shape == (0,)
