"""Streams with a fault that begins at a known time."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.analysis.monitoring.alarms import Alarm
from latentlab.analysis.monitoring.verdict import of_classes, of_rate, of_readings, of_stream, worst
from latentlab.analysis.stats import Proportion
from latentlab.experiments.monitoring.streams import EVERY, NONE, PlantDays, Stream, TableRows
from tests.conftest import mentions


def test_a_day_is_normal_until_the_fault_and_has_the_same_weather() -> None:
    days = PlantDays()
    normal = days.stream(NONE, 80, "clear", 0.5)
    assert normal.begin == len(normal.readings)
    for fault in ("PS50", "T drift", "G stuck"):
        found = days.stream(fault, 80, "clear", 0.25)
        assert found.begin == round(0.25 * len(found.readings))
        assert (found.readings[: found.begin] == normal.readings[: found.begin]).all()
        assert (found.normal == normal.readings).all()
        changed = (found.readings != normal.readings).any(0)
        expected = {"PS50": (0, 1), "T drift": (4,), "G stuck": (2,)}[fault]
        assert set(np.flatnonzero(changed)) <= set(expected)
        assert changed[expected[-1]]
    first, second = (days.normal(part) for part in (0, 1))
    assert len(first) == len(second) == 12
    assert not (first[0][:50] == second[0][:50]).all()
    assert len(first[0]) == pytest.approx(len(normal.readings) / EVERY, rel=0.4)


def test_a_row_of_a_table_and_those_after_it_are_a_stream() -> None:
    rows = np.arange(24.0).reshape(12, 2)
    source = TableRows(rows, ("a", "b"))
    found = source.stream("b: step", 3, "", 0.5)
    assert found.normal[0].tolist() == rows[3].tolist()
    assert found.begin == 6
    assert found.readings[:, 0].tolist() == found.normal[:, 0].tolist()
    assert (found.readings - found.normal)[:, 1] == pytest.approx([0] * 6 + [3 * rows[:, 1].std()] * 6)
    assert len(source.faults) == 8
    both = np.concatenate([*source.normal(0), *source.normal(1)])
    assert sorted(both[:, 0]) == rows[:, 0].tolist()


def test_windows_of_a_stream_end_with_each_of_its_readings() -> None:
    readings, of_windows = (days.stream("T drift", 80, "clear", 0.5) for days in (PlantDays(), PlantDays(window=15)))
    assert of_windows.readings.shape == (len(readings.readings), 15, 6)
    assert of_windows.begin == readings.begin
    assert np.array_equal(of_windows.newest, readings.readings)
    assert np.isnan(of_windows.readings[:14, 0]).all()
    assert np.array_equal(of_windows.readings[20], readings.readings[6:21])
    assert np.array_equal(of_windows.normal[20], readings.normal[6:21])
    days = PlantDays(window=15).normal(0)
    assert all(np.isfinite(day).all() and day.shape[1:] == (15, 6) for day in days)
    own = Stream.of(readings.readings[:40], np.arange(40) + 30.0 * (np.arange(40) >= 20), 5)
    assert np.flatnonzero(np.isnan(own.readings).any((1, 2))).tolist() == [0, 1, 2, 3, 20, 21, 22, 23]
    rows = np.arange(48.0).reshape(6, 4, 2)
    stuck = TableRows(rows, ("a", "b")).stream("b: stuck", 1, "", 0.5)
    assert stuck.newest[:, 0].tolist() == rows[[1, 2, 3, 4, 5, 0], -1, 0].tolist()
    assert (stuck.readings[3:, :, 1] == stuck.normal[3, 0, 1]).all()
    assert np.array_equal(stuck.readings[:3], stuck.normal[:3])
    assert np.array_equal(stuck.readings[..., 0], stuck.normal[..., 0])


def test_the_verdict_counts_normal_readings_and_the_delay() -> None:
    scores = np.array([0, 9, 0, 0, 0, 0, 9, 9.0])
    alarm = Alarm(6, 8, 7, 9.0, 6, 2)
    assert mentions(of_stream(scores, [alarm], 4, 1.0, 0.01, "minute"), 3, 1, 4, "25.0%", "1.0%")
    assert mentions(of_stream(scores, [], 8, 1.0, 0.01, "minute"), 3, 8, "37.5%")
    assert of_stream(scores, [], 4, 1.0, 0.01, "minute") != of_stream(scores, [alarm], 4, 1.0, 0.01, "minute")
    known = of_stream(scores, [], 4, 1.0, 0.01, "minute", knows=True)
    assert known != of_stream(scores, [], 4, 1.0, 0.01, "minute")
    scores[1] = np.nan
    assert mentions(of_readings(scores, [alarm], 1.0, 0.01), "1 alarm", "7 readings", "2 (28.6%)", "1.0%", "1 reading")
    named, strange = np.array([0, -1, 0, 0, 1, 1, 0, 1]), scores > 3
    strange[1] = False
    assert mentions(of_classes(named, strange, 4, ("a", "b")), "50%", "50%", "b")
    assert mentions(of_classes(named, strange, 8, ("a", "b")), "29%", "43%", "a", "29%", "b")
    measured = Proportion(0.02, 0.005, 0.05)
    held = of_rate(Proportion(0.01, 0.001, 0.03), measured, 500)
    assert mentions(held, "1.0%", "0.1%", "3.0%", 500, "2.0%", "0.5%", "5.0%")
    assert held.partition(":")[2] != of_rate(Proportion(0.01, 0.001, 0.015), measured, 500).partition(":")[2]
    assert mentions(worst(np.array([0.5, -7.0, 3.0]), ("a", "b", "c")), "b", "7.0", "c", "3.0")
