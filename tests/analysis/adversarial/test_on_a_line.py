"""A game on a line whose players are known, and the kernel estimate against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from latentlab.analysis.adversarial.on_a_line import Function, kernel_density, on_a_line
from latentlab.analysis.arrays import Doubles

RNG = np.random.default_rng(0)
X = RNG.normal(0, 1, 60_000)


def normal(width: float) -> Function:
    return lambda x: np.asarray(scipy.stats.norm.pdf(x, 0, math.sqrt(1 + width**2)))


def undecided(x: Doubles) -> Doubles:
    return 0 * x


@pytest.mark.parametrize("width", [0.02, 0.3])
def test_the_kernel_estimate_is_that_of_scipy(width: float) -> None:
    x, places = X[:300], np.linspace(-2, 3, 91)  # some numbers lie outside
    theirs = scipy.stats.gaussian_kde(x, width / x.std(ddof=1))(places)
    np.testing.assert_allclose(kernel_density(x, places, width), theirs, atol=0.02 * theirs.max())


def test_where_both_agree_nothing_is_between_them_and_the_value_is_minus_log_4() -> None:
    found = on_a_line(X[:30_000], X[30_000:], undecided, normal)
    assert found.value == pytest.approx(-math.log(4))
    assert found.jensen_shannon == pytest.approx(0, abs=2e-3)
    assert found.wasserstein == pytest.approx(0, abs=0.03)
    assert np.nanmax(np.abs(found.best - 0.5)[np.abs(found.places) < 2]) < 0.1
    assert np.trapezoid(found.data, found.places) == pytest.approx(1, abs=1e-3)


def test_a_generator_of_a_quarter_of_the_width_shows_though_the_value_does_not() -> None:
    found = on_a_line(X, X / 4, undecided, normal)
    assert found.value == pytest.approx(-math.log(4))
    assert found.std_samples / found.std == pytest.approx(0.25)
    assert found.wasserstein == pytest.approx(0.75 * math.sqrt(2 / math.pi), abs=0.01)  # E|x| of what is missing
    assert found.jensen_shannon > 0.15


@pytest.mark.parametrize(("m", "value"), [(1, -1.163451), (2, -0.712633)])
def test_with_the_best_discriminator_the_value_is_that_of_the_source(m: float, value: float) -> None:
    found = on_a_line(X, X + m, lambda x: m * (m / 2 - x), normal)
    assert found.value == pytest.approx(value, abs=0.02)
    assert found.value == pytest.approx(-math.log(4) + 2 * found.jensen_shannon, abs=0.02)
    where = np.isfinite(found.best) & (np.abs(found.places - m / 2) < 2)
    assert np.abs(found.best - found.learned)[where].mean() < 0.02


def test_samples_far_away_count_as_apart() -> None:
    found = on_a_line(X, X + 1_000, undecided)
    assert found.outside == 1
    assert found.jensen_shannon == pytest.approx(math.log(2), abs=1e-3)
    assert found.wasserstein == pytest.approx(1_000)
