"""A sensor in other units is found, a sensor with a fault or a quiet day isn't."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.monitoring.units import other_units


def test_kelvin_and_kilowatts_are_other_units_and_a_broken_sensor_is_not() -> None:
    rng = np.random.default_rng(0)
    normal = np.stack([rng.normal(20, 8, 2_000), 1_000 * rng.random(2_000), np.full(2_000, 3.0)], 1)
    day = normal[:400].copy()
    assert other_units(day, normal) == []
    kelvin = np.add(day, [273.15, 0, 0])
    (found,) = other_units(kelvin, normal)
    assert found.sensor == 0
    assert found.read == np.median(kelvin[:, 0])
    assert found.usual == np.median(normal[:, 0])
    assert [one.sensor for one in other_units(day / [1, 1_000, 1], normal)] == [1]
    assert [one.sensor for one in other_units(day * [1, 1_000, 1], normal)] == [1]
    quiet = np.add(rng.normal(0, 0.01, (400, 3)), [21, 400, 3])  # one hour of steady weather
    assert other_units(quiet, normal) == []
    day[200:, 0] = 500.0  # from then on something is wrong with it
    day[:, 1] = 400.0  # it is stuck
    day[:3] = np.nan
    assert other_units(day, normal) == []
