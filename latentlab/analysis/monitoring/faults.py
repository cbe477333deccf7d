"""Faults of a sensor, planted in normal readings: what a monitor should find is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from latentlab.analysis.arrays import Doubles

Fault = Callable[[Doubles, float], Doubles]  # (T,) readings from its begin on, its size -> (T,) what is read

HOUR = 60  # readings in which a drift grows by its size


def _step(values: Doubles, size: float) -> Doubles:
    return values + size


def _drift(values: Doubles, size: float) -> Doubles:
    found: Doubles = values + size * np.arange(1, len(values) + 1) / HOUR
    return found


def _spike(values: Doubles, size: float) -> Doubles:
    found: Doubles = values + size * (np.arange(len(values)) == 0)
    return found


def _stuck(values: Doubles, size: float) -> Doubles:  # noqa: ARG001 it has none
    return np.full_like(values, values[0])


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {"step": _step, "drift": _drift, "spike": _spike, "stuck": _stuck},
)  # it reads too much from now on, more and more, once, or what it read last


def planted(readings: Doubles, fault: str, column: int, begin: int, size: float) -> Doubles:
    """(T, D) readings with a fault of one sensor.

    Args:
        readings: normal ones.
        fault: one of `FAULTS`.
        column: of the sensor.
        begin: the first reading that is wrong, below T.
        size: in the units of the readings; of a drift in an hour of one reading a minute.
    """
    found = readings.copy()
    found[begin:, column] = FAULTS[fault](readings[begin:, column], size)
    return found
