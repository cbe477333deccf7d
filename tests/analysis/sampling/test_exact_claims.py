"""Claims on chains of a few states against closed forms, and against the numbers of an independent calculation."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.sampling.exact_claims import (
    condition,
    fundamental,
    latent_chain,
    lazy,
    local_noise,
    perturbation,
    visited,
)
from latentlab.analysis.sampling.exact_gsn import EXAMPLE, burn_in_curve, clamp, counted, exact_gsn, ring, stationary
from latentlab.analysis.stats import total_variation

C = ring(10)
PLAIN, WALKED = exact_gsn(EXAMPLE, C), exact_gsn(EXAMPLE, C, walkback=True)


def test_the_steps_of_a_chain_have_its_transitions_and_its_law() -> None:
    states = visited(PLAIN.kernel, 60_000, 0, start=3)
    shares = np.bincount(states, minlength=10) / len(states)
    assert total_variation(shares, EXAMPLE) < 0.02
    after = states[1:][states[:-1] == 4]
    np.testing.assert_allclose(np.bincount(after, minlength=10) / len(after), PLAIN.kernel[4], atol=0.015)
    np.testing.assert_array_equal(visited(np.roll(np.eye(5), 1, 1), 7, 0), [1, 2, 3, 4, 0, 1, 2])


@pytest.mark.parametrize("seed", range(3))
def test_figure_5_3_discrete(seed: int) -> None:
    """Accepted: the histogram of 5,000 steps within .06; the source draws it, without numbers."""
    found = exact_gsn(EXAMPLE, C, reconstruction=counted(EXAMPLE, C, 5_000, seed))
    steps = np.bincount(visited(found.kernel, 5_000, seed), minlength=10) / 5_000
    assert found.total_variation < 0.034
    assert total_variation(steps, EXAMPLE) < 0.06
    assert total_variation(steps, found.stationary) < 0.06


def test_a_law_moves_less_than_the_bound_by_the_fundamental_matrix() -> None:
    """π̃ - π = π̃ (P̃ - P) Z exactly; |Z|_∞ of this chain is 5.4."""
    for n in (500, 5_000, 50_000):
        other = C @ counted(EXAMPLE, C, n, 0)
        found = perturbation(PLAIN.kernel, other)
        assert 0 < found.moved <= found.bound
        assert found.factor == pytest.approx(5.414, abs=1e-3)
        z, law = fundamental(PLAIN.kernel), stationary(other)
        np.testing.assert_allclose(law - EXAMPLE, law @ (other - PLAIN.kernel) @ z, atol=1e-12)
        assert found.moved == pytest.approx(np.abs(law - EXAMPLE).sum())
    np.testing.assert_allclose(z.sum(1), 1)  # Z 1 = 1
    powers = sum(np.linalg.matrix_power(PLAIN.kernel, k) - EXAMPLE for k in range(1, 200))
    np.testing.assert_allclose(z, np.eye(10) + powers, atol=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_a_lazy_chain_has_a_bound_as_many_times_looser(share: float) -> None:
    """Z of (1 - e) I + e P is (Z - 1 π)/e + 1 π."""
    z = fundamental(PLAIN.kernel)
    np.testing.assert_allclose(fundamental(lazy(PLAIN.kernel, share)), (z - EXAMPLE) / share + EXAMPLE, rtol=1e-6)


@pytest.mark.parametrize(("states", "apart", "off"), [([4, 5, 6], 0.0947, 0.0105), ([1, 2, 3], 0.2358, 0.0293)])
def test_the_condition_of_clamping_holds_for_bayes_and_not_for_walkback(
    states: list[int], apart: float, off: float
) -> None:
    inside = np.isin(np.arange(1, 11), states)
    for f, g in ((C, PLAIN.reconstruction), (WALKED.trained_on, WALKED.reconstruction)):
        found = condition(f, g, inside)
        assert found.apart < 1e-14
        assert found.led_to.sum() == pytest.approx(1)
    found = condition(C, WALKED.reconstruction, inside)
    assert found.apart == pytest.approx(apart, abs=1e-4)
    assert (found.rank, found.n_reached, found.is_needed) == (3, 7, False)
    assert clamp(C, WALKED.reconstruction, inside).total_variation == pytest.approx(off, abs=1e-4)
    with pytest.raises(ValueError, match="empty"):
        condition(C, WALKED.reconstruction, np.zeros(10, bool))


def test_where_the_laws_are_independent_the_condition_is_needed() -> None:
    """Proposition 4: with as many independent laws as h, a clamped law is right only where both sides are equal."""
    rng = np.random.default_rng(0)
    inside = np.arange(6) < 4
    for _ in range(5):
        f, g = rng.random((6, 3)) + 0.1, rng.random((3, 6)) + 0.1
        f, g = f / f.sum(1, keepdims=True), g / g.sum(1, keepdims=True)
        found, law = condition(f, g, inside), clamp(f, g, inside)
        assert found.is_needed
        assert found.apart > 1e-4
        assert law.total_variation > 1e-5


def test_the_noise_has_to_reach_over_half_the_gap() -> None:
    """Second eigenvalues and entropies of an independent calculation with the same 120 cells."""
    found = local_noise(np.array([0.1, 0.14, 0.16, 0.2, 0.3, 0.5, 0.9]))
    assert found.n_parts.tolist() == [2, 2, 1, 1, 1, 1, 1]
    assert found.second[1:] == pytest.approx([1, 0.9985, 0.977, 0.838, 0.336, 0], abs=3e-3)
    assert found.entropy[1:] == pytest.approx([3.24, 3.33, 3.45, 3.68, 4.08, 4.38], abs=5e-3)
    assert found.entropy[-1] == pytest.approx(np.log(80), abs=1e-3)  # all is as likely
    np.testing.assert_allclose(found.posteriors.sum(1), 1)
    leaks = found.posteriors[:, found.places > 0.5].sum(1)
    assert leaks[:4] == pytest.approx([0, 0, 0, 0])  # x̃ at the edge reaches over the whole gap only with ε > .3
    assert leaks[-1] == pytest.approx(0.5)


def test_a_latent_chain_forgets_where_it_began_with_the_burn_in() -> None:
    data, f = latent_chain(6, 7, 6, 0)
    assert data.sum() == pytest.approx(1)
    np.testing.assert_allclose(f.sum(-1), 1)
    curve = burn_in_curve(data, f, [1, 5, 20, 60])
    assert (np.diff(curve) < 0).all()
    assert curve[-1] < 1e-9
