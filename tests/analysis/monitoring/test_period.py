"""What a report takes down of a stream: no peak is lost, and the pieces in which it comes don't matter."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.alarms import Alarm, Rule, Watch, alarms
from latentlab.analysis.monitoring.period import AROUND, CLOSELY, LISTED, Buckets, Recorder, Sensor


def stream(n: int, seed: int) -> tuple[Doubles, Doubles]:
    """Readings of three sensors, some without a number, and their scores."""
    rng = np.random.default_rng(seed)
    readings, scores = rng.normal(size=(n, 3)), np.round(rng.exponential(size=n), 2)  # some are equal
    gone = rng.random(n) < 0.05
    readings[gone, 1], scores[gone] = np.nan, np.nan
    return readings, scores


def pieces(n: int, rng: np.random.Generator) -> list[slice]:
    cuts = np.sort(rng.integers(0, n, 40))
    return [slice(a, b) for a, b in zip([0, *cuts], [*cuts, n], strict=True)]


def test_buckets_have_the_peak_of_their_readings_by_brute_force() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 63, 64, 65, 3_000):
        readings, scores = stream(n, n)
        found = Buckets(3, 64)
        for one in pieces(n, rng):
            found.take(readings[one], scores[one])
        assert found.used <= 64
        assert found.n == n
        for k in range(found.used):
            rows = slice(k * found.size, (k + 1) * found.size)
            if np.isnan(scores[rows]).all():
                assert np.isnan(found.top[k])
                continue
            at = rows.start + int(np.nanargmax(scores[rows]))
            assert (found.at[k], found.top[k]) == (at, scores[at])
            assert np.array_equal(found.strangest[k], readings[at])
            assert np.array_equal(found.low[k], np.nanmin(readings[rows], 0))
            assert np.array_equal(found.high[k], np.nanmax(readings[rows], 0))


def recorded(readings: Doubles, scores: Doubles, parts: list[slice], threshold: float) -> tuple[Recorder, list[Alarm]]:
    found, watch, ended = Recorder("abc", threshold, n_classes=2), Watch(Rule(threshold, 2, 3)), list[Alarm]()

    def note(some: list[Alarm]) -> None:
        for alarm in some:
            ended.append(alarm)
            found.note(alarm, f"t{alarm.peak_at}", [Sensor("abc"[alarm.peak_at % 3], 0.0, None, None)])

    for one in parts:
        times = [f"t{k}" for k in range(one.start, one.stop)]
        found.take(readings[one], times, scores[one], np.arange(one.start, one.stop) % 2)
        note(watch.take(scores[one]))
        found.remember(watch.open)
    note(watch.close())
    return found, ended


def test_alarms_are_taken_down_whole_whatever_pieces_they_come_in() -> None:
    n, threshold = 6_000, 2.2
    readings, scores = stream(n, 3)
    scores[700:1_000] = np.where(np.isnan(scores[700:1_000]), np.nan, 5 + scores[700:1_000])  # longer than any piece
    found, ended = recorded(readings, scores, pieces(n, np.random.default_rng(1)), threshold)
    known = alarms(scores, Rule(threshold, 2, 3))
    assert ended == known
    assert found.n_alarms == len(known) > LISTED
    assert sum(found.blamed.values()) == len(known)
    assert sorted(one.alarm.peak for one in found.alarms()) == sorted(one.peak for one in known)[-LISTED:]
    closely = [one for one in found.alarms() if one.around is not None]
    assert len(closely) == CLOSELY
    for one in found.alarms():
        assert (one.begin, one.end) == (f"t{one.alarm.start}", f"t{one.alarm.end - 1}")
    for one in closely:
        assert one.around is not None
        rows = slice(max(0, one.alarm.peak_at - AROUND), one.alarm.peak_at + AROUND + 1)
        assert one.around.first == rows.start
        assert np.array_equal(one.around.readings, readings[rows], equal_nan=True)
        assert np.array_equal(one.around.scores, scores[rows], equal_nan=True)
    is_above = np.nan_to_num(scores) > threshold
    assert (found.n_above, found.n_skipped) == (is_above.sum(), np.isnan(scores).sum())
    assert found.missing.tolist() == np.isnan(readings).sum(0).tolist()
    assert found.classes[:, 1].tolist() == [is_above[::2].sum(), is_above[1::2].sum()]
    assert found.classes.sum() == n - found.n_skipped
    assert (found.begin, found.end) == ("t0", f"t{n - 1}")
