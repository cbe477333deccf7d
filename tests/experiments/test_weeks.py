"""Weeks of readings with a slow change: what is planted is known, and a sensor's drift is found by a run that ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentlab.analysis.monitoring.drift import of_drift
from latentlab.data.builtin.photovoltaic.plant import FIRST_DAY, SENSORS
from latentlab.experiments.monitoring import weeks
from latentlab.experiments.monitoring.streams import NONE
from latentlab.experiments.monitoring.weeks import PARTS, PlantWeeks, TableParts, find_drift, parts_of
from latentlab.runs.store import SHIPPED, Store

RUN = "photovoltaic-vae"


def test_weeks_of_the_plant_change_by_what_was_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weeks, "LAST_DAY", FIRST_DAY + 2)
    monkeypatch.setattr(weeks, "WEEK", 1)
    monkeypatch.setattr(weeks, "WEATHERS", (2,))
    monkeypatch.setattr(weeks, "EVERY", 60)
    plant = PlantWeeks()
    usual, soiled, wrong, later = (plant.watched(name) for name in (NONE, "soiling", "irradiance", "summer"))
    assert len(usual) == 2
    assert len(plant.normal()) == 2 * len(weeks.WEATHERS)
    assert len(replace(plant, step="day").normal()) == 2 * len(weeks.WEATHERS)  # a week is a day here
    assert len(later[0]) > len(usual[0])  # the days are longer
    for k in range(2):
        assert wrong[k][:, 2] == pytest.approx(usual[k][:, 2] * (1 - 0.01 * (k + 1)))
        assert np.array_equal(wrong[k][:, :2], usual[k][:, :2])
        lost = soiled[k][:, 0].sum() / usual[k][:, 0].sum()
        assert lost == pytest.approx(1 - 0.01 * (k + 1), abs=2e-3)
        assert np.array_equal(soiled[k][:, 2:], usual[k][:, 2:])


def test_a_users_readings_are_divided_by_weeks_or_days_or_into_tenths() -> None:
    hour = 3_600.0
    times = np.asarray(1e9 + np.arange(24 * 30) * hour, np.float64)
    readings = np.arange(2.0 * len(times)).reshape(-1, 2)
    readings[3, 1] = np.nan
    first = 23 - int(1e9 % 86_400 // hour)  # readings after the first, of the same day
    found, step = parts_of(readings, times)
    assert (step, [len(one) for one in found]) == ("week", [first + 6 * 24, *[7 * 24] * 3])  # two days more are too few
    assert np.array_equal(np.concatenate(found), np.delete(readings, 3, 0)[: sum(map(len, found))])
    few = slice(first + 1, first + 1 + 24 * 6)
    found, step = parts_of(readings[few], times[few])
    assert (step, [len(one) for one in found]) == ("day", [24] * 6)
    found, step = parts_of(readings, None)
    assert (step, len(found)) == ("tenth", PARTS)
    assert parts_of(readings[:30], times[:30]) == ([], "tenth")


def test_a_run_names_the_sensor_of_a_table_that_drifts(tmp_path: Path) -> None:
    examples = Store(tmp_path, SHIPPED).examples(RUN)
    assert examples.scale is not None
    readings = examples.scale.back(examples.batch().x).double().numpy()
    table, done = TableParts(readings, SENSORS), list[float]()

    def found(change: str) -> str:
        one = find_drift(tmp_path, SHIPPED, RUN, table, change, None, done.append)
        return of_drift(one, SENSORS, table.step)

    wrong, usual = found(SENSORS[1]), found(NONE)
    assert f"“{SENSORS[1]}”" in wrong
    assert not any(f"“{name}”" in usual for name in SENSORS)
    half = len(done) // 2
    assert done[:half] == done[half:] == sorted(done[:half])
    assert done[-1] == pytest.approx(1)
    with pytest.raises(ValueError, match=table.step):
        find_drift(tmp_path, SHIPPED, RUN, table, "", [], done.append)
    with pytest.raises(ValueError, match=table.step):
        find_drift(tmp_path, SHIPPED, RUN, table, "", [readings[:3]], done.append)
