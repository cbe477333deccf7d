"""A plant's physics by closed forms and brute force, and the rows that are made of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from latentlab.data.builtin.photovoltaic import electrical as pv
from latentlab.data.builtin.photovoltaic import plant, weather
from latentlab.data.builtin.photovoltaic.electrical import SUBMODULES, Shade
from latentlab.data.builtin.photovoltaic.windows import in_windows

N_TRIED = 20_001


def point(
    irradiance: float, celsius: float, *shades: tuple[int, float], added: float = 0.0, limit: float = np.inf
) -> tuple[float, float]:
    rest = SUBMODULES - sum(n for n, _ in shades)
    all_of_them = [Shade(n, np.full(1, lost)) for n, lost in (*shades, (rest, 0.0)) if n]
    found = pv.maximum_power(np.full(1, irradiance), np.full(1, celsius + 273.15), all_of_them, added, limit)
    return float(found.current[0]), float(found.voltage[0])


@pytest.mark.parametrize(
    ("celsius", "shades", "added", "watts"),
    [
        (25, (), 0, 937),
        (60, (), 0, 756),
        (25, (), 1.88, 0.91 * 937),
        (25, ((1, 0.5),), 0, 875),
        (25, ((6, 0.75),), 0, 565),
        (25, ((16, 0.2),), 0, 751),
    ],
)
def test_each_fault_costs_the_power_that_the_specification_says(
    celsius: float, shades: tuple[tuple[int, float], ...], added: float, watts: float
) -> None:
    current, voltage = point(1000, celsius, *shades, added=added)
    assert current * voltage == pytest.approx(watts, rel=2e-3)


@pytest.mark.parametrize("shades", [(), ((1, 0.5), (1, 0.25)), ((6, 0.75),), ((3, 0.9), (8, 0.4))])
def test_the_largest_power_is_that_of_all_currents(shades: tuple[tuple[int, float], ...]) -> None:
    rest = SUBMODULES - sum(n for n, _ in shades)
    all_of_them = [Shade(n, np.full(1, lost)) for n, lost in (*shades, (rest, 0.0))]
    tried = np.linspace(0, 8, N_TRIED)[None]
    power = tried * pv.string_voltage(tried, np.full(1, 800.0), np.full(1, 310.0), all_of_them, 0.94)
    current, voltage = point(800, 310 - 273.15, *shades, added=0.94)
    assert current * voltage == pytest.approx(power.max(), rel=1e-6)


def test_a_submodule_obeys_the_equation_of_a_diode() -> None:
    kelvin, light = 320.0, 5.0
    a, saturation = 1.06 * 18 * 8.617333262e-5 * kelvin, float(pv.saturation_current(np.array(kelvin)))
    for voltage in (2.0, 6.0, 8.0):

        def missing(current: float, voltage: float = voltage) -> float:
            drop = voltage + 18 * 0.0055 * current
            return float(light - saturation * np.expm1(drop / a) - current)

        current = brentq(missing, 0, light)
        found = pv.submodule_voltage(np.array(current), np.array(light), np.array(kelvin))
        assert found == pytest.approx(voltage, abs=1e-6)


def test_a_submodule_in_the_dark_costs_its_share_and_half_a_volt() -> None:
    current, kelvin, light = np.full((1, 1), 4.0), np.full(1, 300.0), np.full(1, 900.0)
    whole = pv.string_voltage(current, light, kelvin, [Shade(16, np.zeros(1))])
    one_dark = pv.string_voltage(current, light, kelvin, [Shade(15, np.zeros(1)), Shade(1, np.ones(1))])
    assert whole - one_dark == pytest.approx(whole / 16 + 0.5)


def test_an_inverter_at_its_limit_takes_just_that_at_a_higher_voltage() -> None:
    free, held = point(1000, 25), point(1000, 25, limit=600)
    assert held[0] * held[1] == pytest.approx(600)
    assert held[1] > free[1]
    assert point(500, 25, limit=600) == point(500, 25)
    assert pv.alternating_power(np.array([5.0, 29.9, 100.0, 900.0]), 500.0) == pytest.approx([0, 0, 88.5, 500])


@pytest.mark.parametrize("day", [81, 172, 355])
def test_the_sun_stands_where_it_should(day: int) -> None:
    height, onto = weather.heights(day, latitude=57.0, tilt=40.0)
    sun = weather.declination(day)
    assert np.degrees(np.arcsin(height.max())) == pytest.approx(90 - 57 + np.degrees(sun), abs=1e-6)
    assert height[721:1080] == pytest.approx(height[719:360:-1])  # noon is the middle of the day
    hours = np.degrees(np.arccos(-np.tan(np.radians(57)) * np.tan(sun))) * 2 / 15
    assert (height > 0).sum() / 60 == pytest.approx(hours, abs=2 / 60)
    flat = weather.heights(day, latitude=57.0, tilt=0.0)[1]
    assert flat == pytest.approx(height)
    facing = weather.heights(day, latitude=57.0, tilt=57 - np.degrees(sun))[1]
    assert facing.max() == pytest.approx(1)
    assert onto.argmax() == 720


def test_modules_follow_what_warms_them_six_minutes_behind() -> None:
    step = np.where(np.arange(60) < 10, 5.0, 25.0)
    expected = np.where(np.arange(60) < 10, 5.0, 25 - 20 * np.exp(-(np.arange(60) - 9) / 6))
    assert weather.behind(step, 6.0) == pytest.approx(expected)


def test_clouds_have_their_share_and_stay_their_time() -> None:
    sky = weather.Sky("test", cloudy=0.3, passage=10, std=0.0)
    found = weather.index(sky, 100_000, np.random.default_rng(0))
    clouded = found < (sky.clear + sky.clouded) / 2
    assert clouded.mean() == pytest.approx(0.3, abs=0.03)
    walk = weather.autoregression(100_000, 0.9, np.random.default_rng(0))
    assert (walk.mean(), walk.std()) == pytest.approx((0, 1), abs=0.05)
    assert np.corrcoef(walk[1:], walk[:-1])[0, 1] == pytest.approx(0.9, abs=0.01)


def test_a_fault_shows_in_the_readings_and_not_in_the_weather() -> None:
    (cut,) = (one for one in plant.OTHERS if one.name == "open")
    healthy, faulty = (
        plant.simulate(one, 100, np.random.default_rng(3), weather.CLEAR) for one in (plant.HEALTHY, cut)
    )
    assert healthy.readings[:, 2:] == pytest.approx(faulty.readings[:, 2:])
    assert healthy.power.max() > 500
    assert faulty.power.max() < 0.1
    assert not faulty.fed.any()
    limited = plant.simulate(plant.HEALTHY, 100, np.random.default_rng(3), weather.CLEAR, rated=400)
    assert limited.fed.max() == pytest.approx(400)
    assert np.minimum(healthy.fed, 400) == pytest.approx(limited.fed, abs=1e-6)


def test_held_out_days_are_whole_and_others_of_the_same_readings_in_another_draw() -> None:
    parts, others = plant.by_day("photovoltaic"), plant.by_day("photovoltaic", 1)
    days, volts = [], []
    for part, other in zip(parts, others, strict=True):
        assert part.factors is not None
        assert other.factors is not None
        days.append(set(zip(part.y.tolist(), part.factors.levels[:, 0].tolist(), strict=True)))
        assert days[-1] != set(zip(other.y.tolist(), other.factors.levels[:, 0].tolist(), strict=True))
        volts.append([one.scale.back(one.x)[:, 1].numpy() for one in (part, other) if one.scale])
    first, second = (np.sort(np.concatenate(found)) for found in zip(*volts, strict=True))
    assert first == pytest.approx(second, abs=1e-4)
    assert [len(one) for one in days] == [50, 10, 20]
    assert not days[0] & days[1]
    assert not days[2] & (days[0] | days[1])
    rows = np.bincount(torch.cat([part.y for part in parts]), minlength=10)
    assert rows / rows.sum() == pytest.approx([one.share for one in plant.CONDITIONS], abs=2e-3)


def test_models_see_standardised_sensors_and_the_units_come_back() -> None:
    train, valid, test = plant.at_random("photovoltaic-random")
    assert train.x.mean(0) == pytest.approx(np.zeros(6), abs=1e-4)
    assert train.x.std(0, correction=0) == pytest.approx(np.ones(6), abs=1e-4)
    assert train.scale is not None
    assert valid.scale is train.scale
    there = torch.cat([train.scale.back(part.x) for part in (train, valid, test)])
    assert 100 < float(there[:, 1].max()) < 180  # volts
    assert 700 < float(there[:, 2].max()) < 1300  # W/m²
    assert len(there) == pytest.approx(plant.N_ROWS, rel=0.01)


def test_normal_days_have_no_class_and_each_part_has_every_sky_and_windows_lie_within_a_day() -> None:
    parts = plant.normal("photovoltaic-normal")
    rows, found = parts.valid, in_windows(parts.valid, 15, 3)
    assert found.spec == plant.PLANTS["photovoltaic-windows"].spec
    assert rows.factors is not None
    assert found.factors is not None
    assert found.scale is not None
    places = {tuple(row): k for k, row in enumerate(rows.x.tolist())}
    ends = [places[tuple(row)] for row in found.x[:, -1].tolist()]
    assert set(np.diff(ends)) <= {3, 15, 16, 17}  # the last three across a night
    for k in (0, 100, len(found) - 1):
        assert torch.equal(found.x[k], rows.x[ends[k] - 14 : ends[k] + 1])
        assert len(rows.factors.levels[ends[k] - 14 : ends[k] + 1, 0].unique()) == 1
        assert torch.equal(found.factors.levels[k], rows.factors.levels[ends[k]])
    torch.testing.assert_close(found.scale.back(found.x)[:, 3], rows.scale.back(found.x[:, 3]))  # type: ignore[union-attr]
    assert parts.train.classes == ()
    days = []
    for part in parts:
        assert part.factors is not None
        assert not (part.y >= 0).any()
        found = part.factors.levels[:, 0].unique().tolist()
        assert {day % len(weather.SKIES) for day in found} == {0, 1, 2}
        days.append(set(found))
    assert [len(one) for one in days] == [36, 12, 12]
    assert not days[0] & days[1]
    assert not days[2] & (days[0] | days[1])
