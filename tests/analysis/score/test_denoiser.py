"""A denoiser beside its density: the optimum agrees with it, a wrong one is as wrong as can be worked out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import (
    Denoiser,
    OnLattice,
    against_truth,
    asymmetry,
    noise_and_back,
    walkback_chain,
)
from latentlab.analysis.score.field import Denoise, FieldError, curl, lattice
from latentlab.analysis.score.fixed_points import basins
from latentlab.data import DENSITIES, Dataset, Density, Kind, mixture
from latentlab.models import GaussianNoise
from latentlab.models.parts.corruption import PixelsSet
from tests.conftest import naming

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
    best = optimum(name)
    found, losses = against_truth(best.density, best.denoise, best.sigma)
    assert found.median_cosine == pytest.approx(1, abs=1e-5)
    assert found.relative_rms == pytest.approx(0, abs=1e-3)
    assert losses.denoiser == pytest.approx(losses.optimum, rel=1e-5)
    assert losses.has_learned


def test_a_denoiser_that_does_nothing_loses_as_much_as_the_noise_and_has_learned_nothing() -> None:
    """Of N(0, 1) and σ = 2: the optimum x / 5 leaves 1 / 5 of the noise's variance a coordinate, doing nothing all."""
    found, losses = against_truth(ROUND, lambda x: x, 2.0, n=20_000)
    assert found.relative_rms == pytest.approx(1)
    assert losses.denoiser == losses.identity == pytest.approx(2, rel=0.03)
    assert losses.optimum == pytest.approx(2 / 5, rel=0.03)
    assert not losses.has_learned


def test_an_example_is_corrupted_as_the_model_was_trained_and_each_draw_is_denoised() -> None:
    clean = torch.full((1, 20, 30), 0.5)
    noisy, r = noise_and_back(lambda x: 2 * x, clean, PixelsSet(0.25, white=False), 40)
    assert noisy.shape == (40, 1, 20, 30)
    assert set(noisy.unique().tolist()) == {0.0, 0.5}
    assert (noisy == 0).float().mean() == pytest.approx(0.25, abs=0.01)
    assert not noisy[0].equal(noisy[1])
    assert r.equal(2 * noisy)
    noisy, _ = noise_and_back(lambda x: x, clean, GaussianNoise(0.3), 40)
    assert (noisy - clean).std() == pytest.approx(0.3, rel=0.02)


def test_the_score_of_a_denoiser_that_goes_half_the_way_is_half_the_true_one_in_any_dimension() -> None:
    deep = mixture([[0.0] * 7], 1.0)
    found, losses = against_truth(deep, lambda x: 0.5 * (x + deep.denoise(x, 0.5)), 0.5)
    assert found.median_cosine == pytest.approx(1, abs=1e-5)
    assert found.relative_rms == pytest.approx(0.5, abs=1e-4)
    assert losses.optimum < losses.denoiser < losses.identity


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


def test_an_attractor_is_spurious_where_the_noisy_data_have_a_millionth_of_their_median_density() -> None:
    """Of N(0, s²I) the median density is half the highest; a 1e-6 of it is left at s √(2 log 2e6) = 5.387 s."""
    density = mixture([[0.0, 0.0]], 0.04)  # 0.05 with noise of 0.03

    def denoise(x: Tensor) -> Tensor:  # two sinks, at 0 and at (2, 0)
        return torch.where(x[:, :1] > 1, torch.tensor([2.0, 0.0]), torch.zeros(2)).expand_as(x)

    near = denoiser_of(density, denoise, 0.03)
    edge = 0.05 * math.sqrt(2 * math.log(2e6))
    places = np.array([[0.98 * edge, 0.0], [0.0, -1.02 * edge], [np.nan, 0.0]])
    np.testing.assert_array_equal(near.is_far(places), [False, True, True])
    assert near.is_far(np.empty((0, 2))).shape == (0,)
    found = basins(denoise, Box(-3.0, 3.0, -1.0, 1.0), 12)
    np.testing.assert_array_equal(near.is_far(found.attractors), found.attractors[:, 0] > 1)
    share, still, drifting = near.off(found)
    assert (still, drifting) == (1, 0)
    assert share == pytest.approx(4 / 12)  # of twelve columns four lie right of 1
    wide = denoiser_of(density, denoise, 1.0)
    assert wide.off(found) == (0, 0, 0)


def test_a_faint_part_of_the_data_is_not_far_from_them() -> None:
    faint = denoiser_of(mixture([[0.0, 0.0], [50.0, 0.0]], [0.1, 5.0], [0.99, 0.01]), lambda x: x, 0.1)
    np.testing.assert_array_equal(faint.is_far(np.array([[50.0, 5.0], [20.0, 0.0]])), [False, True])


def test_what_is_a_direction_only_has_no_score() -> None:
    with pytest.raises(FieldError, match=naming("because")):
        _ = replace(denoiser_of(ROUND, lambda x: x), no_score="because").score


def test_the_chain_of_walkback_adds_noise_before_and_after_r() -> None:
    """With r(x) = a x, x̃_(k+1) = a x̃_k + σ (ε + ε'); of many chains the mean and the variance are known."""
    a, sigma, n = 0.8, 0.5, 4_000
    chains = np.stack([walkback_chain(lambda x: a * x, torch.ones(2), sigma, 3, seed) for seed in range(n)])
    assert (chains[:, 0] == 1).all()
    mean, variance = 1.0, sigma**2
    for k in (1, 2, 3):
        values = chains[:, k].ravel()
        assert values.mean() == pytest.approx(mean, abs=5 * values.std() / np.sqrt(2 * n))
        assert values.var() == pytest.approx(variance, rel=0.08)
        mean, variance = a * mean, a**2 * variance + 2 * sigma**2
    assert np.array_equal(chains[0], walkback_chain(lambda x: a * x, torch.ones(2), sigma, 3, 0))
