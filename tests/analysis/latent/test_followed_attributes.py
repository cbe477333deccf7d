"""Dimensions that were planted to follow an attribute, and those that follow none."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.latent.followed_attributes import followed


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
