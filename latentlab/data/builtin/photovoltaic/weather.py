"""A day's weather at a plant, minute by minute: sun, clouds, temperatures and wind.

The sun's height and the angle at which it meets the modules follow from latitude, day and solar time (declination by
Cooper 1969). Under a clear sky the direct beam is 1353 · 0.7^(AM^0.678) W/m² with the air mass AM (Meinel & Meinel
1976), and a tenth of it comes from the sky around. Clouds multiply both by a clear-sky index: a chain of two states,
with a cloud before the sun or without one, smoothed by an autoregression. The modules are warmed by the light and
cooled by the wind towards T_air + 0.9 G / (25 + 6.84 w) (Faiman 2008), six minutes behind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]

LATITUDE, TILT = 57.0, 40.0  # degrees; the modules face south
MINUTES = 24 * 60
BEAM, TRANSMITTED, EXPONENT, AROUND = 1353.0, 0.7, 0.678, 0.1
LAG = 6.0  # minutes by which the modules are behind
WIND_MEAN, WIND_STD, WIND_KEPT = 3.0, 1.5, 0.99  # m/s, m/s, and the share of a deviation that is there a minute later


@dataclass(frozen=True)
class Sky:
    """How cloudy a day is.

    Attributes:
        name: what it is called.
        cloudy: the share of the time with a cloud before the sun.
        passage: minutes that a cloud stays on average.
        clear, clouded: the clear-sky index without and with a cloud.
        std: of what is added to the index.
    """

    name: str
    cloudy: float
    passage: float = 12.0
    clear: float = 1.0
    clouded: float = 0.35
    std: float = 0.03


CLEAR = Sky("clear", 0.0, std=0.01)
MIXED = Sky("mixed", 0.4)
OVERCAST = Sky("overcast", 1.0, clouded=0.25, std=0.08)
SKIES = (MIXED, CLEAR, OVERCAST)


@dataclass(frozen=True)
class Weather:
    """What the modules meet at each of N minutes of a day.

    Attributes:
        minute: (N,) solar time, from midnight.
        irradiance: (N,) W/m² in the plane of the modules.
        air, module: (N,) °C.
        wind: (N,) m/s.
    """

    minute: Labels
    irradiance: Doubles
    air: Doubles
    module: Doubles
    wind: Doubles


def declination(day: int) -> float:
    """The sun's, in radians, of a day of the year from 1."""
    return float(np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365))


def heights(day: int, latitude: float = LATITUDE, tilt: float = TILT) -> tuple[Doubles, Doubles]:
    """(1440,), (1440,): for each minute the sine of the sun's height, and the cosine of its angle to the modules."""
    hour = 2 * np.pi * (np.arange(MINUTES) / MINUTES - 0.5)
    sun, north, facing = declination(day), np.radians(latitude), np.radians(latitude - tilt)
    height = np.sin(sun) * np.sin(north) + np.cos(sun) * np.cos(north) * np.cos(hour)
    onto = np.sin(sun) * np.sin(facing) + np.cos(sun) * np.cos(facing) * np.cos(hour)
    return height, onto


def clear_sky(day: int, latitude: float = LATITUDE, tilt: float = TILT) -> Doubles:
    """(1440,) W/m² in the plane of the modules, for each minute of a day without clouds."""
    height, onto = heights(day, latitude, tilt)
    is_up = height > 0
    mass = 1 / np.where(is_up, np.maximum(height, 1e-3), 1.0)
    beam = np.where(is_up, BEAM * TRANSMITTED ** (mass**EXPONENT), 0.0)
    found: Doubles = beam * (np.maximum(onto, 0) + AROUND * (1 + np.cos(np.radians(tilt))) / 2)
    return found


def autoregression(n: int, kept: float, rng: np.random.Generator) -> Doubles:
    """(N,): a stationary AR(1) process of mean 0 and variance 1; `kept` is its correlation from step to step."""
    from scipy.signal import lfilter

    noise = rng.normal(size=n)
    noise[1:] *= np.sqrt(1 - kept**2)
    found: Doubles = lfilter([1.0], [1.0, -kept], noise)
    return found


def behind(driving: Doubles, minutes: float) -> Doubles:
    """(N,) -> (N,): what follows it as dT/dt = (driving - T) / minutes, exactly where it is constant in each minute."""
    from scipy.signal import lfilter

    kept = np.exp(-1 / minutes)
    found, _ = lfilter([1 - kept], [1.0, -kept], driving, zi=[kept * driving[0]])
    return np.asarray(found)


def index(sky: Sky, n: int, rng: np.random.Generator) -> Doubles:
    """(N,) the clear-sky index of n minutes."""
    clouds = np.empty(n, bool)
    leave = 1 / sky.passage  # of a cloud; and of the time without one, so that the shares are right
    come = 1.0 if sky.cloudy == 1 else leave * sky.cloudy / (1 - sky.cloudy)
    chances, now = rng.random(n), bool(rng.random() < sky.cloudy)
    for i, chance in enumerate(chances):
        clouds[i] = now
        now = (chance >= leave or sky.cloudy == 1) if now else chance < come
    level = behind(np.where(clouds, sky.clouded, sky.clear), 1.5)
    return np.clip(level + sky.std * autoregression(n, 0.9, rng), 0.02, 1.1)


def weather(day: int, sky: Sky, rng: np.random.Generator, colder: float = 0.0) -> Weather:
    """The minutes of a day while the sun is up.

    Args:
        day: of the year, from 1.
        sky: how cloudy it is.
        rng: of clouds, wind and the level of the temperature.
        colder: °C that the air is colder than usual.
    """
    height, _ = heights(day)
    irradiance = clear_sky(day) * index(sky, MINUTES, rng)
    usual = 7 - 10 * np.cos(2 * np.pi * (day - 20) / 365)
    course = 3 * np.sin(2 * np.pi * (np.arange(MINUTES) / MINUTES - 0.375))  # warmest at three in the afternoon
    air = usual - colder + 2 * rng.normal() + course + 0.3 * autoregression(MINUTES, 0.99, rng)
    wind = np.abs(WIND_MEAN + WIND_STD * autoregression(MINUTES, WIND_KEPT, rng))
    module = behind(air + 0.9 * irradiance / (25 + 6.84 * wind), LAG)
    minute = np.flatnonzero(height > 0)
    return Weather(minute, irradiance[minute], air[minute], module[minute], wind[minute])
