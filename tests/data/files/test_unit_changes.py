"""Two units in one column: how often it is found where it is, and said where it isn't, on columns that were made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data.files.readings.unit_changes import CONVERSIONS, Conversion, about_units, converted, unit_change
from tests.conftest import mentions

N = 1_200
N_COLUMNS = 60  # of each kind

Doubles = NDArray[np.float64]
Rng = np.random.Generator


def white(rng: Rng) -> Doubles:
    """About one level, from one to a thousand, by 0.3 to 10 % of it."""
    return np.asarray(10 ** rng.uniform(0, 3) * (1 + 10 ** rng.uniform(-2.5, -1) * rng.normal(size=N)))


def autoregressive(rng: Rng) -> Doubles:
    x = np.zeros(N)
    for k, noise in enumerate(rng.normal(size=N)):
        x[k] = 0.95 * x[k - 1] + noise if k else noise
    return np.asarray(10 ** rng.uniform(0, 3) * (1 + 10 ** rng.uniform(-3, -1.5) * x))


def daily(rng: Rng) -> Doubles:
    """Up and down by a half of the level."""
    wave = 1 + 0.5 * np.sin(np.arange(N) / rng.uniform(20, 200))
    return np.asarray(10 ** rng.uniform(0, 3) * (wave + 10 ** rng.uniform(-2.5, -1.3) * rng.normal(size=N)))


def temperature(rng: Rng) -> Doubles:
    """In °C."""
    wave = rng.uniform(0, 10) * np.sin(np.arange(N) / rng.uniform(50, 300))
    return np.asarray(rng.uniform(-10, 40) + wave + rng.uniform(0.05, 1) * rng.normal(size=N))


def rounded(rng: Rng) -> Doubles:
    """As a display shows it: to a digit of what it varies."""
    return np.asarray(np.round(temperature(rng)))


def loads(rng: Rng) -> Doubles:
    """A machine that for a while works at another level, a random factor from 0.01 to 1,000 higher."""
    x, (begin, end) = white(rng), np.sort(rng.integers(50, N - 50, 2))
    x[begin:end] += np.median(x) * (10 ** rng.uniform(-2, 3) - 1)
    return x


def stops(rng: Rng) -> Doubles:
    """A machine that starts and stops."""
    is_on = np.arange(N) // rng.integers(60, 100) % 2 == 1
    return np.asarray(np.where(is_on, 10 ** rng.uniform(0.2, 3), 1) * white(rng))


def in_two_units(x: Doubles, one: Conversion, rng: Rng) -> tuple[Doubles, NDArray[np.bool_]]:
    """From a random row on, and to another or to the end; and which rows."""
    begin = int(rng.integers(30, N - 60))
    end = int(rng.integers(begin + 30, N - 29)) if rng.uniform() < 0.7 else N
    second = (np.arange(N) >= begin) & (np.arange(N) < end)
    return np.where(second, one.factor * x + one.shift, x), second


@pytest.mark.parametrize(
    ("make", "most"),
    [(white, 0), (autoregressive, 0), (daily, 0), (temperature, 0), (rounded, 0), (loads, 0.05), (stops, 0.05)],
)
def test_a_column_in_one_unit_is_rarely_said_to_be_in_two(make: Callable[[Rng], Doubles], most: float) -> None:
    rng = np.random.default_rng(0)
    assert np.mean([unit_change(make(rng)) is not None for _ in range(N_COLUMNS)]) <= most


@pytest.mark.parametrize("make", [white, autoregressive, daily, temperature])
def test_a_column_in_two_units_is_found_with_its_rows(make: Callable[[Rng], Doubles]) -> None:
    rng, found, exact = np.random.default_rng(1), list[bool](), list[bool]()
    for k in range(N_COLUMNS):
        one = CONVERSIONS[4 + k % 2 if make is temperature else k % 4]
        x, second = in_two_units(make(rng), one, rng)
        x[rng.integers(0, N, 20)] = np.nan
        change = unit_change(x)
        found.append(change is not None and change.conversion == one)
        exact.append(change is not None and np.array_equal(change.second[np.isfinite(x)], second[np.isfinite(x)]))
    assert np.mean(found) >= 0.75
    assert np.mean(exact) >= 0.6


def test_the_conversion_is_that_of_the_two_sides() -> None:
    rng = np.random.default_rng(2)
    for one in CONVERSIONS:
        x = 20 + rng.normal(0, 0.5, 80)
        assert converted(x[:40], one.factor * x[40:] + one.shift) == one
        assert converted(x[:40], x[40:] + (one.factor - 1) * 20 + one.shift) in (None, CONVERSIONS[-1])
    assert converted(x[:10], 100 * x[10:]) is None  # too few
    assert converted(np.full(40, 3.0), np.full(40, 300.0)) is None  # nothing varies


@pytest.mark.parametrize("x", [np.zeros(0), np.full(N, np.nan), np.zeros(N), np.arange(3.0), np.tile([1.0, 1e3], 600)])
def test_of_odd_columns_nothing_is_said(x: Doubles) -> None:
    assert unit_change(x) is None


def test_the_sentence_names_column_rows_and_time() -> None:
    rng = np.random.default_rng(3)
    x = np.stack([10 + rng.normal(size=N), 50 + rng.normal(size=N)], 1).astype(np.float32)
    x[700:, 1] *= 3.6
    times = 1_717_200_000.0 + 60 * np.arange(N, dtype=np.float64)
    (note,) = about_units(x, ("flow", "speed"), times, np.zeros(N, np.int64))
    assert about_units(x, ("flow", "speed"), times, np.arange(N) // 700) == ()  # two files
    assert mentions(note, "speed", "3.6", "2024-06-01 11:40:00")
    x[900:, 1] /= 3.6
    (note,) = about_units(x, ("flow", "speed"), times, np.zeros(N, np.int64))
    assert mentions(note, "2024-06-01 11:40:00", "2024-06-01 14:59:00")
    x[:700, 1] *= 3.6
    x[900:, 1] *= 3.6
    x[700:900, 1] /= 3.6
    (note,) = about_units(x, ("flow", "speed"), times, np.zeros(N, np.int64))
    assert mentions(note, "2024-06-01 11:40:00", 1)
