"""The best discriminator and the distances of densities, against closed forms, the source's table and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats

from latentlab.analysis.adversarial.best_discriminator import (
    LEAST,
    best_discriminator,
    best_value,
    jensen_shannon,
)

PLACES = np.linspace(-14, 18, 8_001)


@pytest.mark.parametrize(("m", "value"), [(0, -1.386294), (1, -1.163451), (2, -0.712633), (4, -0.120854)])
def test_the_value_of_two_gaussians_is_that_of_the_source(m: float, value: float) -> None:
    p, q = scipy.stats.norm.pdf(PLACES), scipy.stats.norm.pdf(PLACES, m)
    assert best_value(p, q, PLACES) == pytest.approx(value, abs=1e-6)


def test_the_value_is_the_mean_of_what_the_best_discriminator_says() -> None:
    p, q = scipy.stats.norm(0, 1), scipy.stats.laplace(1.5, 0.7)
    d = best_discriminator(p.logpdf(PLACES), q.logpdf(PLACES)).clip(1e-300, 1 - 1e-16)
    by_hand = np.trapezoid(p.pdf(PLACES) * np.log(d) + q.pdf(PLACES) * np.log1p(-d), PLACES)
    assert best_value(p.pdf(PLACES), q.pdf(PLACES), PLACES) == pytest.approx(by_hand, abs=1e-5)
    other = np.clip(d + 0.02, 1e-9, 1 - 1e-9)  # no other discriminator has more
    assert np.trapezoid(p.pdf(PLACES) * np.log(other) + q.pdf(PLACES) * np.log1p(-other), PLACES) < by_hand


@pytest.mark.parametrize("m", [0.5, 3.0])
def test_of_two_gaussians_it_is_a_logistic_curve(m: float) -> None:
    d = best_discriminator(scipy.stats.norm.logpdf(PLACES), scipy.stats.norm.logpdf(PLACES, m))
    np.testing.assert_allclose(d, scipy.special.expit(m * (m / 2 - PLACES)), atol=1e-12)


def test_where_one_density_vanishes_it_is_sure_and_where_both_do_it_is_not() -> None:
    nothing = -math.inf
    np.testing.assert_allclose(best_discriminator(np.array([0, nothing, nothing]), np.array([nothing, 0, nothing])),
                               [1, 0, 0.5], atol=1e-12)  # fmt: skip


def test_the_divergence_goes_from_nothing_to_log_2() -> None:
    p = scipy.stats.norm.pdf(PLACES)
    assert jensen_shannon(p, p, PLACES) == 0
    assert jensen_shannon(p, scipy.stats.uniform.pdf(PLACES, 16, 2), PLACES) == pytest.approx(math.log(2), abs=1e-3)
    assert best_value(p, p, PLACES) == LEAST


def test_the_divergence_is_that_of_scipy() -> None:
    p, q = scipy.stats.norm.pdf(PLACES), scipy.stats.norm.pdf(PLACES, 1.0, 2.0)
    assert jensen_shannon(p, q, PLACES) == pytest.approx(scipy.spatial.distance.jensenshannon(p, q) ** 2, abs=1e-6)
