"""Settings of a grid are ranked as scipy's t intervals say, and none is called better by chance alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from latentlab.analysis.sweep import Interval, bands, compare, interval, verdict
from tests.conftest import mentions

PLANTED = np.array([[1.0, 1.2, 1.1], [3.0, 3.3, 3.1], [2.9, 3.35, 3.05], [0.5, np.nan, 0.4]])


def test_an_interval_is_that_of_a_t_distribution() -> None:
    values = np.array([2.0, np.nan, 2.5, 3.1, 2.2])
    known = stats.ttest_1samp(values[~np.isnan(values)], 0).confidence_interval(0.95)
    found = interval(values)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    assert (found.mean, found.n, found.half) == pytest.approx((2.45, 4, (known.high - known.low) / 2))
    assert np.isnan(interval([2.0])[1:3]).all()
    assert interval([2.0]).mean == 2.0
    assert interval([np.nan]).n == 0


@pytest.mark.parametrize(
    ("ends", "text"),
    [((4.888, 1.35, 8.42), "4.9 ± 3.5"), ((1234.5, 1100.0, 1369.0), "1234 ± 134"), ((0.5, 0.5, 0.5), "0.500 ± 0.000")],
)
def test_an_interval_is_written_to_two_digits_of_its_width(ends: tuple[float, float, float], text: str) -> None:
    assert str(Interval(*ends, 3)) == text
    assert str(Interval(0.123456, np.nan, np.nan, 1)) == "0.1235"
    assert str(interval([])) == ""


@pytest.mark.parametrize("higher", [True, False])
def test_settings_are_compared_seed_by_seed_and_those_without_a_seed_are_not_ranked(higher: bool) -> None:
    scores = PLANTED if higher else -PLANTED
    found = compare(scores, higher)
    assert found.order.tolist() == [1, 2, 0]
    for k, lead in zip(found.order, found.leads, strict=True):
        difference = PLANTED[1] - PLANTED[k]
        assert lead.mean == pytest.approx(difference.mean())
        if k != 1:
            known = stats.ttest_rel(PLANTED[1], PLANTED[k]).confidence_interval(0.95)
            assert (lead.low, lead.high) == pytest.approx((known.low, known.high))
    assert found.best == 1
    assert found.tied == [1, 2]
    assert not found.is_clear


def test_a_lead_that_every_seed_shows_is_clear_though_the_settings_own_intervals_overlap() -> None:
    seeds = np.array([0.0, 5.0, -5.0, 2.0])
    found = compare(np.stack([seeds, seeds + np.array([1.0, 1.1, 0.9, 1.05])]), True)
    assert found.settings[0].high > found.settings[1].low
    assert found.is_clear
    assert found.tied == [1]


def test_nothing_is_ranked_before_a_setting_has_all_seeds_and_one_seed_is_no_evidence() -> None:
    nothing = compare(np.full((2, 3), np.nan), True)
    assert nothing.best is None
    assert not nothing.is_clear
    single = compare([[1.0], [5.0]], True)
    assert single.best == 1
    assert not single.is_clear
    assert single.tied == [1, 0]


def test_equal_settings_are_seldom_called_different() -> None:
    rng = np.random.default_rng(0)
    clear = [compare(rng.normal(size=(8, 3)), True).is_clear for _ in range(150)]
    assert np.mean(clear) <= 0.05


def test_bands_are_the_intervals_of_each_epoch() -> None:
    curves = np.random.default_rng(1).normal(size=(2, 3, 4))
    curves[0, 2, 2:] = np.nan  # stopped early
    curves[1, 1:, 3] = np.nan
    curves[0, :, 3] = np.nan
    mean, low, high = bands(curves)
    for s in range(2):
        for e in range(4):
            known = interval(curves[s, :, e])
            ends = known[:3] if known.n > 1 else (known.mean,) * 3
            assert (mean[s, e], low[s, e], high[s, e]) == pytest.approx(ends, nan_ok=True)


def test_the_verdict_names_the_best_and_the_next_with_the_interval() -> None:
    names = ["a 1", "a 2", "a 3", "a 4"]
    tied = compare(PLANTED, True)
    said = verdict(tied, names, "nats")
    assert mentions(said, "a 2", "a 3", f"{tied.leads[1].mean:.3g}", f"{tied.leads[1].low:.3g}", 3)
    clear = verdict(compare([[0.0, 5.0], [1.0, 6.1]], True), names[:2], "nats")
    assert mentions(clear, "a 2", "a 1")
    assert verdict(compare(PLANTED[3:], True), names[3:], "") != verdict(compare(PLANTED[:1], True), names[:1], "")
