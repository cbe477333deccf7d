"""Thresholds, alarms, planted faults and baselines, against brute force and scikit-learn."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.monitoring.alarms import Rule, Watch, alarms, delay
from latentlab.analysis.monitoring.baselines import BASELINES
from latentlab.analysis.monitoring.faults import FAULTS, planted
from latentlab.analysis.monitoring.thresholds import at_rate, auroc, average_precision, cheapest


def linear(n: int, seed: int) -> tuple[Doubles, Doubles]:
    """(n, 4) readings that one cause moves, and the exact scores: -log of their density, but for a constant."""
    rng, w = np.random.default_rng(seed), np.array([1.0, -1.0, 2.0, 0.5])
    x = rng.normal(size=(n, 1)) * w + 0.2 * rng.normal(size=(n, 4))
    return x, exact_scores(x)


def exact_scores(x: Doubles) -> Doubles:
    w = np.array([1.0, -1.0, 2.0, 0.5])
    precision = np.linalg.inv(np.outer(w, w) + 0.04 * np.eye(4))
    found: Doubles = 0.5 * np.einsum("nd,de,ne->n", x, precision, x)
    return found


def test_a_quantile_promises_its_rate_of_false_alarms_and_its_band() -> None:
    rng, rate, n, inside, found = np.random.default_rng(0), 0.02, 500, 0, []
    for _ in range(250):
        threshold = at_rate(rng.normal(size=n) ** 3, rate)
        above = float((rng.normal(size=1_500) ** 3 > threshold.value).mean())
        inside += threshold.rate.low - 1e-3 <= above <= threshold.rate.high + 1e-3
        found.append(above)
    assert threshold.rate.value == pytest.approx(10 / 501)
    assert np.mean(found) == pytest.approx(10 / 501, abs=3 * np.std(found) / 250**0.5)
    assert inside / 250 == pytest.approx(0.95, abs=0.05)
    with pytest.raises(ValueError, match=r"0\.001"):
        at_rate(np.arange(500.0), 0.001)


def some_days(n: int, rng: np.random.Generator) -> tuple[Doubles, Labels]:
    """Scores of n days of 40 readings each, which are high together on some days."""
    level = 0.7 * rng.standard_t(4, size=(n, 1))
    return (level + rng.normal(size=(n, 40))).ravel(), np.repeat(np.arange(n), 40)


def test_the_band_of_a_threshold_from_days_holds_on_the_next_month() -> None:
    rng, rate, inside, alone, expected, found = np.random.default_rng(7), 0.05, 0, 0, [], []
    for _ in range(40):
        (normal, days), (month, _) = some_days(24, rng), some_days(30, rng)
        threshold, naive = at_rate(normal, rate, days), at_rate(normal, rate)
        above = float((month > threshold.value).mean())
        inside += threshold.rate.low <= above <= threshold.rate.high
        alone += naive.rate.low <= (month > naive.value).mean() <= naive.rate.high
        expected.append(threshold.rate.value)
        found.append(above)
    assert inside / 40 >= 0.9
    assert alone / 40 < 0.6  # as if each reading were for itself
    assert max(expected) <= rate
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=2 * np.std(found) / 40**0.5)


def test_what_a_threshold_from_days_expects_is_what_each_day_shows_by_the_others() -> None:
    normal, days = some_days(8, np.random.default_rng(8))
    threshold = at_rate(normal, 0.1, days)
    above = (normal > threshold.value).sum()
    by_others = []
    for day in range(8):
        others = np.sort(normal[days != day])
        k = math.floor((above + 1) / 321 * 281 + 1e-9)
        by_others.append((normal[days == day] > others[-k]).mean())
    assert threshold.rate.value == pytest.approx(np.mean(by_others))
    assert at_rate(normal[:200], 0.1, days[:200]) == at_rate(normal[:200], 0.1)  # of five days nothing is learned


def test_the_cheapest_threshold_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    normal, faulty = rng.normal(size=60).round(1), rng.normal(1.5, size=40).round(1)
    for share, miss in itertools.product((0.01, 0.3), (1.0, 50.0)):
        found = cheapest(normal, faulty, share, miss)
        every = [
            share * miss * (faulty <= value).mean() + (1 - share) * (normal > value).mean()
            for value in [-np.inf, *normal, *faulty, np.inf]
        ]
        assert found.cost == pytest.approx(min(every))
        assert found.false_alarms == pytest.approx((normal > found.value).mean())
        assert found.misses == pytest.approx((faulty <= found.value).mean())


def test_the_auroc_counts_pairs() -> None:
    rng = np.random.default_rng(2)
    normal, faulty = rng.normal(size=80).round(1), rng.normal(0.7, size=50).round(1)
    pairs = (faulty[:, None] > normal) + 0.5 * (faulty[:, None] == normal)
    assert auroc(normal, faulty) == pytest.approx(pairs.mean())
    truth = np.r_[np.zeros(80), np.ones(50)]
    assert auroc(normal, faulty) == pytest.approx(roc_auc_score(truth, np.r_[normal, faulty]))
    with pytest.raises(ValueError, match="no examples"):
        auroc(normal, faulty[:0])


def test_alarms_are_spans_however_the_stream_is_cut() -> None:
    scores = np.array([0, 5, 0, 0, 6, 0, 7, 8, np.nan, 0, 0, 9.0])
    (first, second, third) = alarms(scores, Rule(1.0, gap=1))
    assert (first.start, first.end, first.n) == (1, 2, 1)
    assert (second.start, second.end, second.peak, second.peak_at, second.n) == (4, 8, 8, 7, 3)
    assert (third.start, third.end) == (11, 12)
    rule = Rule(1.0, least=2, gap=1)
    (only,) = alarms(scores, rule)
    assert (only.start, only.raised, only.end) == (4, 6, 8)
    rng = np.random.default_rng(3)
    stream, rule = rng.normal(size=300), Rule(0.8, 3, 2)
    whole, watch, pieces = alarms(stream, rule), Watch(rule), []
    for part in np.split(stream, np.sort(rng.choice(300, 20))):
        pieces += watch.take(part)
        watch = Watch(**{field.name: getattr(watch, field.name) for field in dataclasses.fields(watch)})
    assert [*pieces, *watch.close()] == whole
    assert len(whole) > 3
    above = [k for one in whole for k in range(one.start, one.end) if stream[k] > 0.8]
    assert sum(one.n for one in whole) == len(above)


def test_the_delay_is_until_the_first_alarm_since_the_fault() -> None:
    scores = np.array([9, 0, 0, 0, 0, 9, 9, 0.0])
    found = alarms(scores, Rule(1.0))
    assert delay(found, 3) == 2
    assert delay(found, 6) == 0
    assert delay(found, 7) is None
    assert delay(alarms(scores, Rule(1.0, least=2)), 3) == 3


@pytest.mark.parametrize(
    ("fault", "size", "within"), [("step", 2, 3), ("drift", 6, 25), ("spike", 3, 1), ("stuck", 0, 3)]
)
def test_planted_faults_of_a_sensor_are_found_in_time(fault: str, size: float, within: int) -> None:
    normal, begin = linear(4_000, 4)[1], 300
    stream, _ = linear(600, 5)
    rule = Rule(at_rate(normal, 0.001).value, least=1, gap=5)
    wrong = planted(stream, fault, 2, begin, size)
    assert (wrong[:begin] == stream[:begin]).all()
    assert (np.delete(wrong, 2, 1) == np.delete(stream, 2, 1)).all()
    found = delay(alarms(exact_scores(wrong), rule), begin)
    assert found is not None
    assert found <= within


def test_the_faults_are_what_they_are_called() -> None:
    values = np.array([1.0, 5.0, 2.0])
    assert FAULTS["step"](values, 2).tolist() == [3, 7, 4]
    assert FAULTS["drift"](values, 60).tolist() == [2, 7, 5]
    assert FAULTS["spike"](values, 2).tolist() == [3, 5, 2]
    assert FAULTS["stuck"](values, 2).tolist() == [1, 1, 1]


def test_every_baseline_finds_what_is_plainly_strange() -> None:
    train, normal = linear(600, 6)[0], linear(300, 7)[0]
    strange = planted(normal, "step", 1, 0, 5.0)
    for name, fit in BASELINES.items():
        score = fit(train, 0)
        assert auroc(score(normal), score(strange)) > 0.95, name
        assert (score(normal) == fit(train, 0)(normal)).all()


def test_average_precision_is_that_of_scikit_learn_with_equal_scores() -> None:
    rng = np.random.default_rng(0)
    for n, digits in ((50, 6), (400, 1), (7, 0)):
        is_faulty = rng.random(n) < 0.3
        is_faulty[0] = True
        scores = np.round(rng.normal(size=n) + is_faulty, digits)
        known = average_precision_score(is_faulty, scores)
        assert average_precision(scores, is_faulty) == pytest.approx(known)
    with pytest.raises(ValueError, match="no"):
        average_precision(np.zeros(3), np.zeros(3, bool))
