"""Fields against densities whose score is known exactly."""

from __future__ import annotations

import itertools
import math
from dataclasses import astuple
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import (
    FieldError,
    Rule,
    agreement,
    curl,
    difference,
    energy_difference,
    energy_surface,
    lattice,
    loop_energies,
    loop_integral,
    optimal_denoiser,
    score_field,
    score_of,
)
from latentlab.data import DENSITIES, mixture
from tests.conftest import naming

BOX = Box(-3.0, 3.0, -2.0, 2.0)


def some(n: int = 30, d: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=device.generator(seed), dtype=torch.float64)


def turned(x: Tensor) -> Tensor:
    """r(x) = x + A x with A antisymmetric: a field that turns, with no energy."""
    return x + torch.stack([-0.3 * x[:, 1], 0.3 * x[:, 0]], 1)


def test_the_field_of_the_optimal_denoiser_is_the_score_of_the_blurred_density() -> None:
    density, sigma = DENSITIES["mixture"], 0.3
    field = score_field(lambda x: density.denoise(x, sigma), sigma, BOX, 64)
    assert field.score.shape == (64, 64, 2)
    assert (field.x[0], field.x[-1], field.y[0], field.y[-1]) == astuple(BOX)
    for i, j in ((0, 0), (5, 60), (33, 20)):
        at = torch.tensor([[field.x[j], field.y[i]]])
        exact = density.blurred(sigma).score(at).numpy()[0]
        np.testing.assert_allclose(field.score[i, j], exact, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(field.length, np.linalg.norm(field.score, axis=-1), rtol=1e-6)


def test_a_field_is_one_pass() -> None:
    seen = []

    def denoise(x: Tensor) -> Tensor:
        seen.append(len(x))
        return x

    score_field(denoise, 0.1, BOX, 64)
    assert seen == [64 * 64]


def test_what_is_not_finite_is_a_hole_and_counted() -> None:
    def denoise(x: Tensor) -> Tensor:
        r = 0 * x
        r[3, 0], r[7, 1] = math.nan, math.inf
        return r

    field = score_field(denoise, 1.0, BOX, 5)
    assert field.n_holes == 2
    assert np.isnan(field.score[0, 3]).all()
    assert np.isnan(field.score[1, 2]).all()
    assert np.isfinite(field.score).all(-1).sum() == 23


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_a_sigma_that_can_not_be_is_refused(sigma: float) -> None:
    with pytest.raises(FieldError, match=naming("sigma", f"{sigma:g}")):
        score_field(turned, sigma, BOX, 4)
    with pytest.raises(FieldError, match=naming("sigma", f"{sigma:g}")):
        optimal_denoiser(some(), sigma)


@pytest.mark.parametrize("box", [(1.0, -1.0, 0.0, 1.0), (0.0, 1.0, 2.0, 2.0), (math.nan, 1.0, 0.0, 1.0)])
def test_an_empty_box_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(FieldError, match="box"):
        lattice(Box(*box), 3)


def test_points_that_can_not_be_denoised_towards_are_refused() -> None:
    for x, named in (
        (torch.empty(0, 2), "points"),
        (torch.tensor([[0.0, math.nan]]), "finite"),
        (torch.zeros(1_000_000, 2), "1,000,000"),
    ):
        with pytest.raises(FieldError, match=naming(named)):
            optimal_denoiser(x, 0.1)


def test_one_point_or_identical_points_pull_everything_there() -> None:
    for x in (torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 2.0]] * 5)):
        r = optimal_denoiser(x, 0.5)(some().float())
        torch.testing.assert_close(r, torch.tensor([1.0, 2.0]).expand_as(r), atol=1e-5, rtol=0)


def test_the_optimum_for_points_is_a_softmax_of_them() -> None:
    x, at, sigma = some(20), some(7, seed=1), 0.4
    w = (-(at[:, None] - x).square().sum(-1) / (2 * sigma**2)).softmax(1)
    torch.testing.assert_close(optimal_denoiser(x, sigma)(at), w @ x)


@pytest.mark.parametrize(("a", "sigma", "stable"), [(1.0, 0.5, True), (1.0, 0.95, True), (1.0, 1.05, False)])
def test_two_points_keep_their_own_fixed_points_as_long_as_they_are_farther_apart_than_the_noise(
    a: float, sigma: float, stable: bool
) -> None:
    denoise, x = (
        optimal_denoiser(torch.tensor([[-a], [a]], dtype=torch.float64), sigma),
        torch.full((1, 1), 0.7, dtype=torch.float64),
    )
    torch.testing.assert_close(denoise(x), a * torch.tanh(a * x / sigma**2))
    for _ in range(3_000):
        x = denoise(x)
    assert (float(x) > 0.1) is stable
    assert float(x) == pytest.approx(a * math.tanh(a * float(x) / sigma**2), abs=1e-3)


@pytest.mark.parametrize("rule", ["midpoint", "gauss-legendre", "trapezoid"])
def test_symmetric_rules_are_exact_for_a_gaussian(rule: Rule) -> None:
    density = mixture([[0.3, -0.2]], [[0.5, 1.5]])
    x, y = some(seed=1), some(seed=2)
    wanted = density.log_prob(x) - density.log_prob(y)
    torch.testing.assert_close(energy_difference(density.score, x, y, 2, rule), wanted)
    torch.testing.assert_close(energy_difference(density.score, y, x, 2, rule), -wanted)


def test_the_rules_converge_as_they_should() -> None:
    density = mixture([[-1.0, 0.0], [1.0, 0.5], [0.0, -1.0]], [0.5, 0.6, 0.7])
    x = density.sample(400, device.generator(1))
    y = x + 0.5 * some(400, seed=3)
    wanted = density.log_prob(x) - density.log_prob(y)

    def error(rule: str, n: int) -> float:
        found = energy_difference(density.score, x, y, n, cast(Rule, rule))
        return float((found - wanted).square().mean().sqrt())

    for rule, order in (("ends", 1), ("midpoint", 2), ("trapezoid", 2)):
        slope = math.log(error(rule, 21) / error(rule, 81)) / math.log(4)
        assert slope == pytest.approx(order, abs=0.15), rule
    assert error("gauss-legendre", 30) < 1e-6
    assert error("first-order", 1) > 20 * error("midpoint", 5)


def test_a_rule_needs_enough_points() -> None:
    with pytest.raises(FieldError, match=naming("ends", 1)):
        energy_difference(turned, some(), some(), 1, "ends")


def test_a_gradient_does_no_work_around_a_loop_and_a_turning_field_does() -> None:
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    assert loop_integral(DENSITIES["moons"].blurred(0.2).score, square) == pytest.approx(0, abs=1e-6)
    sigma = 0.5
    score = score_of(turned, sigma)
    assert loop_integral(score, square) == pytest.approx(2 * 0.3 / sigma**2)  # rotation times area: Green's theorem
    assert loop_integral(score, square.flip(0)) == pytest.approx(-2 * 0.3 / sigma**2)
    # two ways to the opposite corner differ by the work around the loop
    ways = [
        sum(float(energy_difference(score, a[None], b[None], 20)) for a, b in itertools.pairwise(way))
        for way in (square[[0, 1, 2]], square[[0, 3, 2]])
    ]
    assert ways[1] - ways[0] == pytest.approx(loop_integral(score, square))


def test_curl_is_that_of_the_jacobian() -> None:
    x = some()
    found = curl(turned, x)
    np.testing.assert_allclose(found.rotation, 0.6)
    np.testing.assert_allclose(found.asymmetry, math.sqrt(2) * 0.6 / math.sqrt(2 + 2 * 0.09))
    density = DENSITIES["mixture"]
    exact = curl(lambda at: density.denoise(at, 0.3), x)
    assert exact.asymmetry.max() < 1e-9
    assert np.isnan(curl(lambda at: at, some(d=3)).rotation).all()
    np.testing.assert_array_equal(curl(torch.zeros_like, x).asymmetry, 0)


def test_the_energy_of_a_gradient_is_minus_the_log_density() -> None:
    density = DENSITIES["mixture"].blurred(0.3)
    found = energy_surface(density.score, BOX, 40, refine=8)
    exact = -density.log_prob(lattice(BOX, 40).double()).reshape(40, 40).numpy()
    np.testing.assert_allclose(found, exact - exact.min(), atol=0.05)
    assert found.min() == 0


def test_an_energy_ends_at_a_hole() -> None:
    def score(x: Tensor) -> Tensor:
        return torch.where(x[:, :1] > 2.5, torch.nan, -x)

    found = energy_surface(score, BOX, 13)
    assert np.isnan(found[:, -1]).all()
    assert np.isfinite(found[:, :11]).all()


def test_angles_and_lengths_are_compared() -> None:
    truth = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]], np.float32)
    estimate = np.array([[0.0, 2.0], [0.0, 1.0], [1.0, 0.0]], np.float32)
    found = difference(estimate, truth)
    np.testing.assert_allclose(found.angle[:2], [90, 0], atol=1e-3)
    np.testing.assert_allclose(found.length[:2], [1, -0.5], atol=1e-6)
    assert np.isnan(found.angle[2])


def test_agreement_leaves_holes_out_and_counts_them() -> None:
    truth = some(100)
    same = agreement(truth, truth)
    assert same.median_cosine == pytest.approx(1)
    assert (same.relative_rms, same.n_holes) == (0, 0)
    estimate = 1.2 * truth
    estimate[5] = math.nan
    found = agreement(estimate, truth)
    assert found.n_holes == 1
    assert found.median_cosine == pytest.approx(1)
    assert found.relative_rms == pytest.approx(0.2)
    assert agreement(truth * math.nan, truth).n_holes == 100


def test_the_bias_of_finite_noise_falls_with_its_square() -> None:
    density = DENSITIES["mixture"]
    x = density.sample(2_000, device.generator(1))
    sigmas, off = (0.1, 0.05, 0.025), []
    for sigma in sigmas:
        estimate = (density.denoise(x, sigma) - x) / sigma**2
        off.append(float((estimate - density.score(x)).square().mean().sqrt()))
    slopes = [math.log(a / b) / math.log(2) for a, b in itertools.pairwise(off)]
    assert all(abs(slope - 2) < 0.3 for slope in slopes), slopes


def test_the_two_ways_between_corners_differ_by_what_a_loop_gains() -> None:
    polygon = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    turning = loop_energies(lambda x: torch.stack([-x[:, 1], x[:, 0]], 1), polygon)
    assert turning.around == pytest.approx(4, abs=1e-5)  # twice the area, anticlockwise
    assert turning.one_way == pytest.approx(-2, abs=1e-5)
    assert turning.other_way == pytest.approx(2, abs=1e-5)
    falling = loop_energies(lambda x: -x, polygon)
    assert falling.around == pytest.approx(0, abs=1e-5)
    assert falling.one_way == pytest.approx(2.5, abs=1e-5)
    assert falling.other_way == pytest.approx(2.5, abs=1e-5)
