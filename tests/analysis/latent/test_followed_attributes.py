"""Dimensions that were planted to follow an attribute, and those that follow none."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.latent.followed_attributes import correlations_within, followed


def test_planted_attributes_are_found_with_their_correlation() -> None:
    rng = np.random.default_rng(0)
    slant, width, noise, rest = rng.normal(size=(4, 5_000))
    codes = np.stack([0.8 * slant + 0.6 * noise, -width, rest, np.zeros(5_000)], 1)
    slant[:7] = np.nan  # of empty images
    first, second, *others = followed(codes, {"slant": slant, "width": width, "constant": np.ones(5_000)})
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("slant", "width")
    assert (first.r, second.r) == pytest.approx((0.8, -1), abs=0.02)
    assert others == [None, None]
    assert followed(codes[:20], {"slant": slant[:20], "width": width[:20]}) == [None] * 4  # too few examples


def test_of_two_attributes_the_one_that_correlates_more_is_named() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 1_000))
    (found,) = followed((a + 0.7 * b)[:, None], {"a": a, "b": b})
    assert found is not None
    assert found.name == "a"
    assert found.r == pytest.approx(np.corrcoef(a + 0.7 * b, a)[0, 1])


def test_within_groups_a_correlation_is_that_of_what_the_group_does_not_explain() -> None:
    rng = np.random.default_rng(2)
    groups, noise = rng.integers(0, 4, 2_000), rng.normal(size=2_000)
    code = rng.normal(size=(2_000, 3))
    code[:, 2] = groups  # says the group and nothing else
    values = 5.0 * groups + 0.6 * code[:, 0] + 0.8 * noise
    values[:9] = np.nan
    found = correlations_within(code, values, groups)
    known = np.arange(9, 2_000)
    indicators = np.eye(4)[groups[known]]
    both = np.column_stack([code[known, :2], values[known]])
    left = both - indicators @ np.linalg.lstsq(indicators, both, rcond=None)[0]
    products = left.T @ left
    expected = products[2, :2] / np.sqrt(np.diag(products)[:2] * products[2, 2])
    assert found[:2] == pytest.approx(expected, abs=1e-9)
    assert found[0] == pytest.approx(0.6, abs=0.05)
    assert found[2] == 0
    assert abs(np.corrcoef(code[known, 0], values[known])[0, 1]) < 0.2  # hidden by the groups
