"""Importance sampling of gradients against enumeration, simulation, closed forms and the numbers of the source."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentlab.analysis.importance.one_dimensional import estimate
from latentlab.analysis.importance.staleness import ages_in_turn, bytes_a_step, kept_by_threshold, kept_share
from latentlab.analysis.importance.variance import subset_trace, trace, traces
from latentlab.analysis.importance.weights import (
    constant_for,
    effective_share,
    probabilities,
    recall,
    share_by_class,
)
from latentlab.analysis.stats import entropy

GRADIENTS = np.array([(3.0, 4.0), (-3.0, 4.0), (0.0, 1.0), (1.0, 0.0)])
NORMS = np.linalg.norm(GRADIENTS, axis=1)
MEAN = float(np.linalg.norm(GRADIENTS.mean(0)))


def enumerated(weights: np.ndarray, gradients: np.ndarray = GRADIENTS) -> tuple[np.ndarray, float]:
    """The mean of the estimate from one drawn example, and its summed variance, over all that can be drawn."""
    omega = weights / weights.sum()
    estimates = gradients / (len(omega) * omega)[:, None]
    mean = omega @ estimates
    return mean, float(omega @ ((estimates - mean) ** 2).sum(1))


@pytest.mark.parametrize(
    ("weights", "expected", "nats"),
    [
        ((5, 5, 1, 1), 3.875, 1.143708),
        ((1, 1, 1, 1), 7.875, math.log(4)),
        ((6, 6, 2, 2), 4.208333, 1.255482),
        ((15, 15, 11, 11), 6.299242, 1.374413),
        ((1, 5, 5, 1), 18.275, None),
    ],
)
def test_the_four_gradients_of_the_source(weights: tuple[float, ...], expected: float, nats: float | None) -> None:
    w = np.array(weights, float)
    mean, brute = enumerated(w)
    assert mean == pytest.approx(GRADIENTS.mean(0), abs=1e-12)
    assert trace(w, NORMS, MEAN) == pytest.approx(brute, abs=1e-12) == pytest.approx(expected, abs=1e-6)
    assert trace(7 * w, NORMS, MEAN) == pytest.approx(brute, abs=1e-12)
    if nats is not None:
        assert entropy(probabilities(w)) == pytest.approx(nats, abs=1e-6)


def test_no_weights_beat_the_ideal_and_the_estimate_has_no_bias_for_any() -> None:
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(30, 5)) * rng.gamma(1.0, size=(30, 1))
    norms, mean = np.linalg.norm(gradients, axis=1), gradients.mean(0)
    length = float(np.linalg.norm(mean))
    best, even = (trace(w, norms, length) for w in (norms, np.ones(30)))
    assert even - best == pytest.approx(norms.var(), abs=1e-12)
    for _ in range(50):
        weights = rng.gamma(0.5, size=30) + 1e-3
        found, variance = enumerated(weights, gradients)
        assert found == pytest.approx(mean, abs=1e-12)
        assert trace(weights, norms, length) == pytest.approx(variance, rel=1e-10)
        assert variance >= best
    constants = [trace(norms + c, norms, length) for c in (0.0, 0.1, 1.0, 10.0, 1e9)]
    assert constants == sorted(constants)
    assert [constants[0], constants[-1]] == pytest.approx([best, even])
    old = np.abs(norms + 0.2 * rng.normal(size=30))
    four = traces(norms, old, 0.5, length)
    assert [four.ideal**2, four.uniform**2] == pytest.approx([best, even])
    assert four.smoothed**2 == pytest.approx(trace(old + 0.5, norms, length))


def test_a_gaussian_gives_the_closed_form_in_ten_dimensions() -> None:
    x = np.random.default_rng(0).normal(size=(200_000, 10))
    norms = np.linalg.norm(x, axis=1)
    assert trace(norms, norms, 0.0) == pytest.approx(9.5131, rel=5e-3)
    assert trace(np.ones(len(x)), norms, 0.0) == pytest.approx(10, rel=5e-3)


def test_drawing_from_random_subsets_costs_what_the_formula_says() -> None:
    rng = np.random.default_rng(1)
    gradients = rng.normal(size=(200, 3)) * rng.gamma(2.0, size=(200, 1))
    norms, length = np.linalg.norm(gradients, axis=1), float(np.linalg.norm(gradients.mean(0)))
    weights = norms + 0.3 * rng.random(200)
    n, seconds = 30, []
    for _ in range(4_000):  # given the subset, E|estimate|² is mean(w) mean(|g|²/w) over it
        chosen = rng.permutation(200)[:n]
        seconds.append(weights[chosen].mean() * (norms[chosen] ** 2 / weights[chosen]).mean())
    error = np.std(seconds) / math.sqrt(len(seconds))
    assert subset_trace(weights, norms, length, 0.15) == pytest.approx(np.mean(seconds) - length**2, abs=3 * error)
    ideal = norms.mean() ** 2 + 0.85 / n * norms.var(ddof=1) - length**2
    assert subset_trace(norms, norms, length, 0.15) == pytest.approx(ideal)
    assert subset_trace(weights, norms, length, 1.0) == pytest.approx(trace(weights, norms, length))
    with pytest.raises(ValueError, match="subset"):
        subset_trace(weights, norms, length, 0.0)


def test_the_constant_of_an_entropy() -> None:
    assert constant_for(NORMS, 1.255482) == pytest.approx(1.0, abs=1e-4)
    assert constant_for(NORMS, 1.0) == 0.0
    assert entropy(probabilities(np.zeros(4), 3.0)) == pytest.approx(math.log(4))
    with pytest.raises(ValueError, match="nats"):
        constant_for(NORMS, math.log(4))
    with pytest.raises(ValueError, match="at least 0"):
        probabilities(np.array([1.0, math.nan]))
    assert effective_share(probabilities(np.ones(9))) == pytest.approx(1)
    assert effective_share(probabilities(np.array([1.0, 0, 0, 0]))) == pytest.approx(0.25)


def test_shares_of_classes_and_recall_of_what_was_planted() -> None:
    omega = probabilities(np.array([3.0, 3, 1, 1, 2]))
    found = share_by_class(omega, np.array([0, 0, 1, 1, -1]), 3)
    assert found == pytest.approx([1.5, 0.5, math.nan], nan_ok=True)
    weights = np.array([0.0, 9, 8, 1, 7])
    assert recall(weights, np.array([1, 4])) == 0.5
    assert recall(weights, np.array([1, 2, 4])) == 1.0


def test_the_age_of_weights_that_are_refreshed_in_turn() -> None:
    n, rate = 570_000, 21_375.0
    assert kept_share(4.0, rate, n) == pytest.approx(0.150, abs=1e-12)
    assert kept_by_threshold(ages_in_turn(n, rate), np.array([4.0, 100.0])) == pytest.approx([0.150, 1.0], abs=2e-5)
    assert kept_share(100.0, rate, n) == 1.0
    assert bytes_a_step(128, 1_000) == (512, 4_000)


def test_importance_sampling_on_a_line() -> None:
    best = estimate("x", 0.0, 1.0, 1.0, 500)
    assert np.abs(best.draws) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-5)
    assert best.variances == pytest.approx((1.0, 2 / math.pi, 2 / math.pi), rel=1e-5)
    squares = estimate("x²", 0.0, 1.0, 1.0, 500)
    assert squares.draws == pytest.approx(1.0, rel=1e-6)
    assert squares.variances == pytest.approx((2.0, 0.0, 0.0), abs=1e-5)
    tail = estimate("x above 2", 2.5, 0.7, 0.0, 4_000)
    assert tail.exact == pytest.approx(0.02275, rel=0.01)
    assert tail.variances[1] < 0.05 * tail.variances[0]
    error = math.sqrt(tail.variances[1] / 4_000)
    assert tail.running[-1] == pytest.approx(tail.exact, abs=3 * error)
