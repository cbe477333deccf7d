"""The density of codes that are drawn from a known one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from latentlab.analysis.latent.density import log_density


def test_the_density_of_uniform_codes_is_one() -> None:
    z = np.random.default_rng(0).uniform(size=(4_000, 2))
    inside = (np.abs(z - 0.5) < 0.4).all(1)  # near the rim half of each ball is empty
    found = log_density(z, 50)[inside]
    assert found.mean() == pytest.approx(0, abs=0.03)
    assert found.std() == pytest.approx(50**-0.5, rel=0.3)  # of a Poisson count of k


@pytest.mark.parametrize("d", [1, 3])
def test_the_density_of_normal_codes_is_the_normal_one(d: int) -> None:
    z = np.random.default_rng(1).normal(size=(3_000, d))
    exact = stats.norm.logpdf(z).sum(1)
    found = log_density(z, 30)
    near = exact > np.quantile(exact, 0.3)
    assert (found - exact)[near].mean() == pytest.approx(0, abs=0.15)
    assert stats.spearmanr(found, exact).statistic > 0.8


def test_it_scales_as_a_density_does() -> None:
    z = np.random.default_rng(2).normal(size=(200, 3)).astype(np.float32)
    np.testing.assert_allclose(log_density(4 * z), log_density(z) - 3 * np.log(4), atol=1e-4)


def test_equal_codes_are_the_densest_and_finite() -> None:
    z = np.random.default_rng(3).normal(size=(100, 2))
    z[:20] = 1
    found = log_density(z, 10)
    assert np.isfinite(found).all()
    assert (found[:20] == found.max()).all()
    assert np.isfinite(log_density(np.ones((12, 2)), 10)).all()
