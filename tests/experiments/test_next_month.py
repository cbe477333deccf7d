"""Thresholds from one month on the next: what is measured, and what ships."""

from __future__ import annotations

import numpy as np
import torch

from latentlab.experiments.monitoring import next_month
from latentlab.experiments.monitoring.next_month import (
    MONTH,
    RATES,
    RUN,
    TABLE,
    MonthScore,
    months,
    table_rows,
    verdict,
)
from latentlab.runs.shipped import SHIPPED_RUNS
from tests.conftest import mentions


def test_a_month_that_is_stranger_than_the_one_before_has_more_false_alarms_than_the_band() -> None:
    store = SHIPPED_RUNS
    model, x = store.load(RUN).eval(), store.examples(RUN).batch().x
    days = [x[k * 8 : k * 8 + 8] for k in range(2 * MONTH)]
    alike = list(months(model, days, 0))
    strange = list(months(model, days[:MONTH] + [torch.flip(day, [1]) for day in days[MONTH:]], 0))
    assert [one.rate for one in alike] == list(RATES)
    for same, other in zip(alike, strange, strict=True):
        assert same.low <= same.expected <= same.high
        assert other.measured > 0.9
        assert not other.holds
        assert (same.expected, same.low, same.high) == (other.expected, other.low, other.high)


def test_bands_by_days_hold_on_simulated_months_and_those_by_readings_dont() -> None:
    scores = TABLE.read()
    assert {one.rate for one in scores} == set(RATES)
    assert np.mean([one.holds for one in scores]) >= 0.9
    assert np.mean([one.holds_alone for one in scores]) < 0.6
    made = [MonthScore(seed, 0.01, 0.01, 0.0, 0.03, 0.02, 0.005, 0.015, 0.02) for seed in range(4)]
    (row,) = table_rows(made)
    assert (row["within, by days"], row["within, by readings"]) == ("4 of 4", "0 of 4")
    assert mentions(verdict(made), "100% of 4", "0%", f"{next_month.MONTH} normal days")
    assert not verdict([])
