"""Intervals against scipy's and the truth, nulls and standard errors against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from latentlab.analysis.stats import Measured, proportion, standard_error, total_variation


@pytest.mark.parametrize(("right", "n"), [(0, 10), (7, 10), (970, 1000), (30, 30)])
def test_the_interval_is_wilsons(right: int, n: int) -> None:
    found = proportion(np.arange(n) < right)
    low, high = scipy.stats.binomtest(right, n).proportion_ci(method="wilson")
    assert [found.low, found.high] == pytest.approx([low, high])


def test_cells_of_a_row_that_fall_together_count_as_one() -> None:
    rows = np.arange(40) < 30
    found = proportion(np.repeat(rows, 10), np.repeat(np.arange(40), 10))
    alone = proportion(rows)
    assert found.low == pytest.approx(alone.low, abs=0.01)
    assert found.high == pytest.approx(alone.high, abs=0.01)


def test_the_interval_holds_the_truth_though_rows_differ() -> None:
    rng = np.random.default_rng(0)
    held, naive = [], []
    for _ in range(500):
        chance = rng.beta(8, 2, size=(40, 1))  # each row is easy or hard: 0.8 on average
        right = rng.random((40, 10)) < chance
        found, blind = proportion(right.ravel(), np.repeat(np.arange(40), 10)), proportion(right.ravel())
        held.append(found.low <= 0.8 <= found.high)
        naive.append(blind.low <= 0.8 <= blind.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.025)
    assert np.mean(naive) < 0.92  # what the rows are for


def test_nothing_has_no_proportion() -> None:
    with pytest.raises(ValueError, match="no examples"):
        proportion([])


def test_a_number_comes_beside_the_mean_and_the_deviation_of_its_null() -> None:
    null = np.random.default_rng(0).normal(3, 2, 50)
    found = Measured.against(7, null)
    assert found.value == 7
    assert found.null == pytest.approx(null.mean())
    assert found.null_std == pytest.approx(scipy.stats.tstd(null))


def test_the_standard_error_is_scipys() -> None:
    values = np.random.default_rng(1).exponential(size=30)
    assert standard_error(values) == pytest.approx(scipy.stats.sem(values))
    assert np.isnan(standard_error([1.0]))


def test_total_variation_is_none_for_the_same_and_one_for_the_disjoint() -> None:
    p = np.array([[0.5, 0.5], [0.0, 0.0]])
    assert total_variation(p, p) == 0
    assert total_variation(p, p[::-1]) == 1
    assert total_variation(p, np.zeros((2, 2))) == 1  # all of it is outside
    assert total_variation(p, np.array([[0.25, 0.5], [0.25, 0.0]])) == 0.25
