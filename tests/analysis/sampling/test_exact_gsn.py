"""The discrete laboratory: each proposition to twelve digits, and where its condition is broken, not."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling.exact_gsn import (
    EXAMPLE,
    bayes,
    burn_in_curve,
    clamp,
    counted,
    exact_gsn,
    ring,
    stationary,
)
from tests.conftest import naming

C = ring(10)


def rows(rng: np.random.Generator, *shape: int) -> Doubles:
    """Random probabilities along the last axis."""
    x = rng.random(shape) + 0.05
    return np.asarray(x / x.sum(-1, keepdims=True))


def test_the_stationary_law_is_what_a_long_walk_ends_in() -> None:
    kernel = rows(np.random.default_rng(0), 7, 7)
    np.testing.assert_allclose(stationary(kernel), np.linalg.matrix_power(kernel, 200)[3], atol=1e-13)


def test_bayes_and_any_corruption_keep_the_datas_law() -> None:
    rng = np.random.default_rng(0)
    for corruption in (C, rows(rng, 10, 10)):
        found = exact_gsn(EXAMPLE, corruption)
        assert found.total_variation < 1e-12
        np.testing.assert_allclose(found.kernel.sum(1), 1)
        np.testing.assert_allclose(found.reconstruction.sum(1), 1)
    wrong = exact_gsn(EXAMPLE, C, reconstruction=rows(rng, 10, 10))
    assert wrong.total_variation > 0.1


def test_walkback_keeps_the_law_mixes_faster_and_asks_more() -> None:
    """On a ring with .4/.2/.1: about 0.725 to 0.475 and 1.24 to 1.70 nats in the reference, whose law isn't stated."""
    plain, walked = exact_gsn(EXAMPLE, C), exact_gsn(EXAMPLE, C, walkback=True)
    assert walked.total_variation < 1e-12
    assert plain.second_eigenvalue == pytest.approx(0.7258, abs=1e-4)
    assert walked.second_eigenvalue == pytest.approx(0.4764, abs=1e-4)
    assert plain.entropy == pytest.approx(1.2333, abs=1e-4)
    assert walked.entropy == pytest.approx(1.7184, abs=1e-4)
    assert walked.n_iterations < 40
    assert plain.n_iterations == 0


def test_walkback_is_bayes_for_the_chains_own_walks() -> None:
    """C_WB is Σ_k 2^-k (C R)^(k-1) C: summed term by term."""
    found = exact_gsn(EXAMPLE, C, walkback=True)
    terms, power = np.zeros_like(C), C
    for k in range(1, 60):
        terms += 0.5**k * power
        power = found.kernel @ power
    np.testing.assert_allclose(found.trained_on, terms, atol=1e-13)
    np.testing.assert_allclose(bayes(EXAMPLE, found.trained_on), found.reconstruction, atol=1e-13)


def test_the_entropy_is_that_of_the_joint_law() -> None:
    found = exact_gsn(EXAMPLE, C)
    joint = EXAMPLE[:, None] * C
    noisy = joint.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = -np.nansum(joint * np.log(joint))
    assert found.entropy == pytest.approx(both + (noisy * np.log(noisy)).sum())


def test_counting_comes_closer_with_the_root_of_the_number_of_examples() -> None:
    def error(n: int) -> float:
        each = [exact_gsn(EXAMPLE, C, reconstruction=counted(EXAMPLE, C, n, seed)) for seed in range(20)]
        return float(np.mean([one.total_variation for one in each]))

    errors = [error(n) for n in (500, 5_000, 50_000)]
    np.testing.assert_allclose(np.diff(np.log10(errors)), -0.5, atol=0.12)
    assert errors[1] == pytest.approx(0.018, abs=0.008)


def test_what_is_clamped_has_the_conditional_law_if_both_ways_are_of_one_joint() -> None:
    rng = np.random.default_rng(1)
    joint = rows(rng, 60).reshape(6, 10)
    f, g = joint / joint.sum(1, keepdims=True), (joint / joint.sum(0)).T
    inside = np.array([True, False, True, True, False, False])
    found = clamp(f, g, inside)
    np.testing.assert_allclose(found.conditional, np.where(inside, joint.sum(1), 0) / joint.sum(1)[inside].sum())
    assert found.total_variation < 1e-12
    assert not found.stationary[~inside].any()


@pytest.mark.parametrize(("states", "off"), [([4, 5, 6], 1.05e-2), ([1, 2, 3], 2.93e-2)])
def test_what_walkback_learned_fits_the_corruption_of_several_steps_and_not_of_one(
    states: list[int], off: float
) -> None:
    walked, inside = exact_gsn(EXAMPLE, C, walkback=True), np.isin(np.arange(1, 11), states)
    assert clamp(walked.trained_on, walked.reconstruction, inside).total_variation < 1e-15
    assert clamp(walked.corruption, walked.reconstruction, inside).total_variation == pytest.approx(off, rel=0.01)


def test_clamping_what_is_not_of_one_joint_goes_wrong() -> None:
    each = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        each.append(clamp(rows(rng, 6, 10), rows(rng, 10, 6), np.arange(6) < 3).total_variation)
    assert np.mean(each) > 0.005
    assert np.min(each) > 1e-6


def test_the_law_of_a_chain_with_a_latent_state_comes_closer_with_the_burn_in() -> None:
    rng = np.random.default_rng(0)
    data, f = rows(rng, 6), rows(rng, 7, 6, 7) ** 6
    f /= f.sum(-1, keepdims=True)
    curve = burn_in_curve(data, f, [1, 2, 3, 5, 10, 20, 60])
    assert curve[0] > 1e-3
    assert (np.diff(curve[3:]) < 0).all()
    assert curve[-1] < 1e-12


def test_what_is_no_law_or_has_several_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=naming("data")):
        exact_gsn(EXAMPLE * 2, C)
    with pytest.raises(ValueError, match=naming("corruption")):
        exact_gsn(EXAMPLE, C - 0.1)
    with pytest.raises(ValueError, match="chain"):
        exact_gsn(EXAMPLE, np.eye(10))
    with pytest.raises(ValueError, match="chain"):
        clamp(C, np.eye(10), np.arange(10) < 3)


def test_a_ring_is_a_corruption() -> None:
    np.testing.assert_allclose(C.sum(1), 1)
    np.testing.assert_allclose(C[0], [0.4, 0.2, 0.1, 0, 0, 0, 0, 0, 0.1, 0.2])
