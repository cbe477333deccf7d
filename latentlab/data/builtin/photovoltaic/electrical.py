"""A string of eight photovoltaic modules and the inverter that loads it.

A module has two submodules of 18 cells in series; a bypass diode spans each, so that one that lies in the shade costs
the string its own voltage and no current. With the share s of its light lost, a submodule at the temperature T (kelvin)
under the irradiance G (W/m²) has the voltage

    V(I) = a log(1 + ((1 - s) I_L - I) / I_0) - 18 · 0.0055 Ω · I       no less than -0.5 V, that of the bypass diode
    I_L  = G / 1000 (7.2 + 0.0035 (T - 298.15)) A                       a = 1.06 · 18 k T / q
    I_0  = 2.4e-9 (T / 298.15)³ exp(E(298.15) / (k 298.15) - E(T) / (k T)) A
    E(T) = 1.121 (1 - 0.000268 (T - 298.15)) eV

which is the single-diode model without a shunt (De Soto et al. 2006); the values are those of an eight-module string of
0.9 kWp, such as that of Maaløe et al., Condition monitoring in photovoltaic systems by semi-supervised machine learning
(2020). A resistance that is added stands for aged contacts. The inverter takes the largest power that the string can
give, over all local maxima, unless that is more than it can pass on: then it moves to a higher voltage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

MODULES, PER_MODULE, CELLS = 8, 2, 18
SUBMODULES = MODULES * PER_MODULE
REFERENCE = 298.15  # kelvin: 25 °C
BOLTZMANN = 8.617333262e-5  # eV per kelvin, which is k / q in volts per kelvin
CELL_RESISTANCE = 0.0055  # Ω
BYPASS = -0.5  # V
STRING_RESISTANCE = 1.88  # Ω: the slope of an ideal string at open circuit; faults of resistance are shares of it
LEAST = 1e-3  # A of photocurrent below which a string gives nothing
N_GRID, N_ZOOMS, N_FINER = 200, 3, 12  # currents that are tried, and then between the neighbours of the best
N_HALVINGS = 50  # of the currents between which an inverter passes on what it can
CHUNK = 2_000  # rows at once

STARTS, FEEDS = 12.0, 30.0  # W of direct current at which an inverter turns on, and from which it feeds the grid
OWN_USE = 8.0  # W
EFFICIENCY = 0.965


class Shade(NamedTuple):
    """Submodules that lose the same share of their light.

    Attributes:
        n: how many.
        lost: (N,) the share at each time.
    """

    n: int
    lost: Doubles


class Point(NamedTuple):
    """Where a string is operated.

    Attributes:
        current: (N,) A.
        voltage: (N,) V.
    """

    current: Doubles
    voltage: Doubles

    @property
    def power(self) -> Doubles:
        """(N,) W of direct current."""
        return self.current * self.voltage


def photocurrent(irradiance: Doubles, kelvin: Doubles) -> Doubles:
    """(N,) W/m², (N,) K -> (N,) A: of a submodule in full light."""
    return irradiance / 1000 * (7.2 + 0.0035 * (kelvin - REFERENCE))


def saturation_current(kelvin: Doubles) -> Doubles:
    """(N,) K -> (N,) A."""
    gap = 1.121 * (1 - 0.000268 * (kelvin - REFERENCE))
    exponent = 1.121 / (BOLTZMANN * REFERENCE) - gap / (BOLTZMANN * kelvin)
    return 2.4e-9 * (kelvin / REFERENCE) ** 3 * np.exp(exponent)


def submodule_voltage(current: Doubles, light: Doubles, kelvin: Doubles) -> Doubles:
    """The voltage of one submodule; the arguments are broadcast.

    Args:
        current: A.
        light: (1 - s) I_L, A.
        kelvin: K.
    """
    a = 1.06 * CELLS * BOLTZMANN * kelvin
    surplus = np.maximum(light - current, 0) / saturation_current(kelvin)
    voltage = a * np.log1p(surplus) - CELLS * CELL_RESISTANCE * current
    return np.maximum(np.where(current < light, voltage, BYPASS), BYPASS)


def string_voltage(
    current: Doubles, irradiance: Doubles, kelvin: Doubles, shades: Sequence[Shade], added: float = 0.0
) -> Doubles:
    """(N, C) A -> (N, C) V of the whole string.

    Args:
        current: currents at each of N times.
        irradiance: (N,) W/m².
        kelvin: (N,) K, of the modules.
        shades: of all its submodules.
        added: Ω in series.
    """
    light = photocurrent(irradiance, kelvin)
    total = -added * current
    for shade in shades:
        lit = (light * (1 - shade.lost))[:, None]
        total = total + shade.n * submodule_voltage(current, lit, kelvin[:, None])
    return total


def maximum_power(
    irradiance: Doubles, kelvin: Doubles, shades: Sequence[Shade], added: float = 0.0, limit: float = np.inf
) -> Point:
    """Where the inverter operates the string.

    Args:
        irradiance: (N,) W/m², as a clean sensor in the plane of the modules reads it.
        kelvin: (N,) K, of the modules.
        shades: of all its submodules.
        added: Ω in series.
        limit: W of direct current that the inverter can take at the most.
    """
    parts = [
        _maximum_power(
            irradiance[at], kelvin[at], [shade._replace(lost=shade.lost[at]) for shade in shades], added, limit
        )
        for at in (slice(i, i + CHUNK) for i in range(0, len(irradiance), CHUNK))
    ]
    return Point(*(np.concatenate([part[i] for part in parts]) if parts else np.zeros(0) for i in range(2)))


def _maximum_power(irradiance: Doubles, kelvin: Doubles, shades: Sequence[Shade], added: float, limit: float) -> Point:
    def voltage(current: Doubles) -> Doubles:
        return string_voltage(current, irradiance, kelvin, shades, added)

    light = photocurrent(irradiance, kelvin)
    is_lit, rows = light > LEAST, np.arange(len(light))
    low, high, n = np.zeros(len(light)), np.where(is_lit, light, 0.0), N_GRID
    for _ in range(1 + N_ZOOMS):
        tried = np.linspace(low, high, n + 1, axis=1)
        best = (tried * voltage(tried)).argmax(1)
        current = tried[rows, best]
        low, high, n = tried[rows, np.maximum(best - 1, 0)], tried[rows, np.minimum(best + 1, n)], N_FINER
    under, over = np.zeros(len(light)), current  # the power rises from 0 to the largest, somewhere through the limit
    for _ in range(N_HALVINGS if np.isfinite(limit) else 0):
        middle = (under + over) / 2
        is_over = middle * voltage(middle[:, None])[:, 0] > limit
        under, over = np.where(is_over, under, middle), np.where(is_over, middle, over)
        current = over
    return Point(current, np.where(is_lit, voltage(current[:, None])[:, 0], 0.0))


def alternating_power(direct: Doubles, rated: float = np.inf) -> Doubles:
    """(N,) W -> (N,) W that the inverter feeds: none below `FEEDS`, and at most its rating."""
    return np.where(direct < FEEDS, 0.0, np.minimum(EFFICIENCY * direct - OWN_USE, rated))
