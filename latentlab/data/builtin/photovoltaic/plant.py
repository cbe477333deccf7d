"""What the sensors of a photovoltaic plant read in ten conditions, and the labelled data set made of such days.

The conditions and their shares are those of Maaløe et al. (2020), Table II, whose own readings were not published.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from latentlab.data.builtin.photovoltaic.electrical import (
    EFFICIENCY,
    OWN_USE,
    STARTS,
    STRING_RESISTANCE,
    SUBMODULES,
    Shade,
    alternating_power,
    maximum_power,
)
from latentlab.data.builtin.photovoltaic.weather import (
    CLEAR,
    MIXED,
    OVERCAST,
    SKIES,
    Doubles,
    Labels,
    Sky,
    Weather,
    autoregression,
    weather,
)
from latentlab.data.builtin.photovoltaic.windows import WINDOW, in_windows
from latentlab.data.dataset import UNLABELLED, Dataset, Factors, Kind, Spec, Splits, held_out
from latentlab.data.library.scaling import Scale

SENSORS = (
    "current, A", "voltage, V", "irradiance, W/m²", "air temperature, °C", "module temperature, °C", "wind, m/s",
)  # fmt: skip
FACTORS = ("day of the year", "hour")  # that are known of each row
KELVIN = 273.15
FIRST_DAY, LAST_DAY = 46, 106  # of the year: mid-February to mid-April
DAYS = 8  # of each condition, where whole days are held out
WHOLE_DAY = 600  # minutes at least from sunrise to sunset
N_ROWS = 15_000
SEED = 2020
PARTS = ("train", "train", "train", "valid", "test")  # of normal days, in turn
COVER = (0.15, 0.97)  # of snow
SNOW_COLDER = 4.0  # °C
SHARES = np.array([0.006, 0.004, 0.01, 0.0, 0.0, 0.0])  # of a reading: noise of its sensor
NOISE = np.array([0.02, 0.3, 2.0, 0.3, 0.3, 0.1])  # in the units of the sensors, on top
LOWEST = np.array([0.0, 0.0, 0.0, -np.inf, -np.inf, 0.0])  # that a sensor reads


@dataclass(frozen=True)
class Condition:
    """How a plant is.

    Attributes:
        name: as the source abbreviates it.
        text: what it is.
        share: of the rows.
        shades: for some submodules the share of light that is lost.
        added: Ω in series with the string.
        sky: of its days.
        snow: whether a cover of snow comes and goes, which the sensor of the irradiance is kept free of.
    """

    name: str
    text: str
    share: float
    shades: tuple[tuple[int, float], ...] = ()
    added: float = 0.0
    sky: Sky = MIXED
    snow: bool = False


CONDITIONS = (
    Condition("PS7", "a fifth of the light lost on all modules", 0.1068, ((SUBMODULES, 0.2),)),
    Condition("RS4", "resistance of the string 50 % higher", 0.1018, added=0.5 * STRING_RESISTANCE),
    Condition("PS50", "half of one submodule in the shade", 0.1083, ((1, 0.5),)),
    Condition("RS8", "resistance of the string 100 % higher", 0.0511, added=STRING_RESISTANCE),
    Condition(
        "PSRS", "half of one submodule in the shade, and resistance 50 % higher", 0.1093, ((1, 0.5),),
        0.5 * STRING_RESISTANCE,
    ),
    Condition("PS75", "half of one submodule and a quarter of another in the shade", 0.1060, ((1, 0.5), (1, 0.25))),
    Condition("C", "no fault, under clouds", 0.0460, sky=OVERCAST),
    Condition("S", "snow on the modules", 0.2764, snow=True),
    Condition("N", "no fault, under a clear sky", 0.0467, sky=CLEAR),
    Condition("IV", "three quarters of six submodules in the shade", 0.0478, ((6, 0.75),)),
)  # fmt: skip
CLASSES = tuple(condition.name for condition in CONDITIONS)
HEALTHY = Condition("none", "no fault", 0.0)
OTHERS = (  # that a plant may meet, too, and no example of the data set shows
    Condition("open", "the string is cut", 0.0, added=1e6),
    Condition("bypassed", "one module bypassed by its diodes", 0.0, ((2, 1.0),)),
    Condition("soiled", "a tenth of the light lost on all modules", 0.0, ((SUBMODULES, 0.1),)),
)


@dataclass(frozen=True)
class Day:
    """A plant from sunrise to sunset, N minutes.

    Attributes:
        weather: what it meets.
        power: (N,) W of direct current.
        fed: (N,) W of alternating current that it feeds into the grid.
        readings: (N, 6) of `SENSORS`, with their noise.
    """

    weather: Weather
    power: Doubles
    fed: Doubles
    readings: Doubles


def simulate(
    condition: Condition, day: int, rng: np.random.Generator, sky: Sky | None = None, rated: float = np.inf
) -> Day:
    """A day of a plant in one condition.

    Args:
        condition: from its sunrise to its sunset.
        day: of the year, from 1.
        rng: of the weather and the noise of the sensors.
        sky: another than that of the condition.
        rated: W that the inverter feeds at the most; a string that could give more is held at a higher voltage.
    """
    outside = weather(day, sky or condition.sky, rng, SNOW_COLDER if condition.snow else 0.0)
    n, kelvin = len(outside.minute), outside.module + KELVIN
    fixed = [Shade(number, np.full(n, lost)) for number, lost in condition.shades]
    rest = SUBMODULES - sum(number for number, _ in condition.shades)
    others = _cover(n, rng) if condition.snow else np.zeros(n)
    shades = [*fixed, Shade(rest, others)] if rest else fixed
    limit = (rated + OWN_USE) / EFFICIENCY
    point = maximum_power(outside.irradiance, kelvin, shades, condition.added, limit)
    is_on = point.power >= STARTS
    electrical = (np.where(is_on, value, 0.0) for value in point)
    true = np.stack([*electrical, outside.irradiance, outside.air, outside.module, outside.wind], 1)
    read = true * (1 + SHARES * rng.normal(size=true.shape)) + NOISE * rng.normal(size=true.shape)
    return Day(outside, point.power, alternating_power(point.power, rated), np.maximum(read, LOWEST))


def _cover(n: int, rng: np.random.Generator) -> Doubles:
    """(N,) the share of the light that snow keeps off, drifting within `COVER`."""
    low, high = COVER
    return low + (high - low) / (1 + np.exp(-1.5 * (rng.normal() + autoregression(n, 0.995, rng))))


def by_day(name: str, draw: int = 0) -> Splits:
    """Eight days of each condition, of which five are for training, one for validation and two for the test.

    Args:
        name: of the data set.
        draw: which days of each condition are held out; 0: the last ones. The readings are the same.
    """
    rng = np.random.default_rng(SEED)
    calendar = [rng.choice(np.arange(FIRST_DAY, LAST_DAY), DAYS, replace=False) for _ in CONDITIONS]
    data, day = _rows(name, calendar, rng)
    again = np.random.default_rng([SEED, draw])
    order = np.stack([again.permutation(DAYS) if draw else np.arange(DAYS) for _ in CONDITIONS])
    part = np.array(["train"] * 5 + ["valid"] + ["test"] * 2)[order[data.y.numpy(), day]]
    return _standardised(*(data[torch.from_numpy(np.flatnonzero(part == one))] for one in ("train", "valid", "test")))


def at_random(name: str, draw: int = 0) -> Splits:
    """One condition after the other, each for as few whole days as its rows need, split at random as in the source.

    Minutes that follow each other are on both sides of this split, and the season tells a condition too: both flatter
    every model.

    Args:
        name: of the data set.
        draw: which minutes are held out. The readings are the same.
    """
    ends = FIRST_DAY + np.cumsum([math.ceil(condition.share * N_ROWS / WHOLE_DAY) for condition in CONDITIONS])
    calendar = np.split(np.arange(FIRST_DAY, ends[-1]), ends[:-1] - FIRST_DAY)
    data, _ = _rows(name, calendar, np.random.default_rng(SEED))
    if draw:
        data = data[torch.from_numpy(np.random.default_rng([SEED, draw]).permutation(len(data)))]
    rest, test = held_out(data, len(data) // 5)
    return _standardised(*held_out(rest, len(rest) // 8), test)


def _rows(name: str, calendar: Sequence[Labels], rng: np.random.Generator) -> tuple[Dataset, Labels]:
    """All rows in the sensors' units, and for each which of its condition's days it is of.

    Args:
        name: of the data set.
        calendar: the days of the year of each condition.
        rng: of weather and noise.
    """
    parts: list[tuple[Doubles, Labels]] = []  # readings; condition, which of its days, day of the year, hour
    for label, (condition, days) in enumerate(zip(CONDITIONS, calendar, strict=True)):
        for number, day in enumerate(days):
            found = simulate(condition, int(day), rng)
            n, most = round(condition.share * N_ROWS / len(days)), len(found.readings)
            kept = np.linspace(0, most - 1, min(most, n)).astype(np.int64)
            known = [np.full(len(kept), value) for value in (label, number, day)]
            parts.append((found.readings[kept], np.stack([*known, found.weather.minute[kept] // 60], 1)))
    return _assembled(name, parts, CLASSES)


def normal(name: str, draw: int = 0) -> Splits:
    """A day without a fault for each day of the year, under three skies in turn; two of five days are held out.

    Args:
        name: of the data set.
        draw: by how many days those that are held out are moved. The readings are the same.
    """
    rng, parts = np.random.default_rng(SEED), list[tuple[Doubles, Labels]]()
    for number, day in enumerate(range(FIRST_DAY, LAST_DAY)):
        found = simulate(HEALTHY, day, rng, SKIES[number % len(SKIES)])
        known = [np.full(len(found.readings), value) for value in (UNLABELLED, number, day)]
        parts.append((found.readings, np.stack([*known, found.weather.minute // 60], 1)))
    data, which = _assembled(name, parts, ())
    part = np.array(PARTS)[(which + draw) % len(PARTS)]
    return _standardised(*(data[torch.from_numpy(np.flatnonzero(part == one))] for one in ("train", "valid", "test")))


def normal_windows(name: str, draw: int = 0) -> Splits:
    """The days of `normal` in windows."""
    return Splits(*map(in_windows, normal(name, draw)))


def _assembled(name: str, parts: Sequence[tuple[Doubles, Labels]], classes: tuple[str, ...]) -> tuple[Dataset, Labels]:
    """Days as one data set, and for each row which day it is of.

    Args:
        name: of the data set.
        parts: of each day (N, 6) readings, and (N, 4): condition, which day, day of the year, hour.
        classes: names of the conditions.
    """
    x = torch.from_numpy(np.concatenate([readings for readings, _ in parts])).float()
    y, which, day, hour = np.concatenate([known for _, known in parts]).T
    there, level = np.unique(day, return_inverse=True)
    values = (tuple(map(float, there)), tuple(map(float, range(24))))
    factors = Factors(torch.from_numpy(np.stack([level, hour], 1)), FACTORS, values)
    data = Dataset(name, x, torch.from_numpy(y.copy()), classes, Kind.VECTOR, SENSORS, factors=factors)
    return data, which


def _standardised(train: Dataset, valid: Dataset, test: Dataset) -> Splits:
    """Each sensor by its mean and its standard deviation over the rows for training."""
    x = train.x.double().numpy()
    scale = Scale(x.mean(0), x.std(0))
    return Splits(*(replace(part, x=scale.to_unit(part.x), scale=scale) for part in (train, valid, test)))


@dataclass(frozen=True)
class Readings:
    """A data set of labelled readings.

    Attributes:
        parts: simulates it, under the name of a data set, with one of many splits.
        window: readings that make an example; 0 where each is one.
    """

    parts: Callable[[str, int], Splits]
    classes: tuple[str, ...] = CLASSES
    factors: tuple[str, ...] = FACTORS
    window: int = 0

    @property
    def spec(self) -> Spec:
        """What a model must know of them."""
        shape, kind = ((self.window, len(SENSORS)), Kind.SEQUENCE) if self.window else ((len(SENSORS),), Kind.VECTOR)
        return Spec(shape, len(self.classes), kind, SENSORS)

    def load(self, name: str) -> Splits:
        """All of them, under the name of a data set."""
        return self.split(name, 0)

    def split(self, name: str, draw: int) -> Splits:
        """The same readings with others held out; draw 0 is what `load` returns."""
        return self.parts(name, draw)


PLANTS = {
    "photovoltaic": Readings(by_day),
    "photovoltaic-random": Readings(at_random),
    "photovoltaic-normal": Readings(normal, ()),
    "photovoltaic-windows": Readings(normal_windows, (), window=WINDOW),
}
