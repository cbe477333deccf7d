"""Completions of an example of two halves whose hidden one is the code: shares and intervals by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.sampling.completions import completions
from latentlab.analysis.stats import wilson

X, VISIBLE = torch.tensor([7.0, 0.0]), torch.tensor([True, False])


def decode(z: Tensor) -> Tensor:
    return torch.cat([-z, z], 1)


def by_sign(x: Tensor) -> Tensor:
    return torch.stack([-x[:, 1], x[:, 1]], 1)


def test_each_completion_keeps_what_is_given_and_counts_for_its_class() -> None:
    """Of 30 chains that never leave their mode 9 are in the left one: the interval is that of 30 draws, not of all."""
    draws = np.where(np.arange(30) < 9, -1.0, 1.0)[None, :, None].repeat(50, 0)
    found = completions(decode, X, VISIBLE, draws, by_sign)
    assert (found.examples[:, 0] == 7).all()
    np.testing.assert_array_equal(found.examples[:, 1], draws[0, found.chain, 0])
    assert set(found.chain) == set(range(30))
    assert list(found.shares) == [1, 0]
    assert found.shares[0].value == pytest.approx(0.3)
    independent = wilson(0.3, 30)
    assert (found.shares[0].low, found.shares[0].high) == pytest.approx((independent.low, independent.high), abs=0.01)
    assert (np.diff(found.some(20)[:, 1]) <= 0).all()  # the larger class first
    assert len(found.some(20)) == 20
    alone = completions(decode, X, VISIBLE, np.ones((50, 8, 1)), by_sign).shares
    assert alone == {1: wilson(1.0, 8)}


def test_without_a_classifier_there_are_no_shares() -> None:
    found = completions(decode, X, VISIBLE, np.random.default_rng(0).normal(size=(3, 1_000, 1)), None)
    assert found.predicted is None
    assert found.shares == {}
    assert len(found.examples) == 400
