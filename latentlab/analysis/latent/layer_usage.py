"""What each layer of a hierarchy of latent variables carries, unit by unit, and how that changes in training.

A unit carries its KL divergence from what the layer above expects, E KL(q(z_ik|·) ‖ p(z_ik|z(i+1))) over examples; of
the top layer from N(0, 1). What a layer carries is the sum over its units (Sønderby et al. 2016; Maaløe 2018, §5.1).
Normalised posteriors leave every unit a little more than nothing, so the sum says more than the number of active units.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Floats

ACTIVE_KL = 0.01  # nats: a unit that carries no more is taken for unused
CHUNK = 500  # examples at once
DIGITS = 4  # of a number that is recorded
_COLUMN = re.compile(r"(\w{1,20}) ([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class LayerUsage:
    """What one layer carries.

    Attributes:
        name: of the layer.
        units: (D,) nats, the mean over the examples for each unit.
    """

    name: str
    units: Floats

    @property
    def total(self) -> float:
        """What the layer carries, in nats; not less than none, as an estimate from draws may be."""
        return max(0.0, float(self.units.sum()))

    @property
    def active(self) -> NDArray[np.bool_]:
        """(D,) whether a unit carries more than `ACTIVE_KL`."""
        return self.units > ACTIVE_KL

    @property
    def is_used(self) -> bool:
        """Whether any unit is active."""
        return bool(self.active.any())


@dataclass(frozen=True)
class UsageHistory:
    """What the units of each layer carried in the course of a training.

    Attributes:
        epochs: (E,) ascending.
        units: name of a layer, from z1 up -> (E, D) nats; NaN where nothing is known.
    """

    epochs: Floats
    units: Mapping[str, Floats]

    @property
    def peak(self) -> float:
        """The most that a unit ever carried, in nats."""
        return max(float(np.nanmax(units, initial=0)) for units in self.units.values())


@torch.no_grad()
def layer_usage(
    unit_kl: Callable[[Tensor], Mapping[str, Tensor]], x: Tensor, n_draws: int = 1
) -> tuple[LayerUsage, ...]:
    """What each layer carries, from z1 up.

    Args:
        unit_kl: (B, *shape) -> name of a layer -> (B, D) nats, with one draw of all layers.
        x: (N, *shape), at least one.
        n_draws: how often each example is looked at.
    """
    totals: dict[str, NDArray[np.float64]] = {}
    for _ in range(n_draws):
        for part in x.split(CHUNK):
            for name, kl in unit_kl(part).items():
                totals[name] = totals.get(name, 0.0) + kl.double().sum(0).cpu().numpy()
    n = len(x) * n_draws
    return tuple(LayerUsage(name, (total / n).astype(np.float32)) for name, total in totals.items())


def usage_row(found: Sequence[LayerUsage]) -> dict[str, float]:
    """One row of a record: "z1 1" for what the first unit of z1 carries, and so on."""
    return {
        f"{layer.name} {place}": float(f"{value:.{DIGITS}g}")
        for layer in found
        for place, value in enumerate(layer.units, 1)
    }


def usage_history(rows: Sequence[Mapping[str, float]]) -> UsageHistory:
    """The record of a training, from rows with an "epoch" and numbers by the names of `usage_row`."""
    rows = sorted((row for row in rows if "epoch" in row), key=lambda row: row["epoch"])
    places: dict[str, int] = {}  # layer -> number of its units
    for match in filter(None, map(_COLUMN.fullmatch, dict.fromkeys(name for row in rows for name in row))):
        places[match[1]] = max(places.get(match[1], 0), int(match[2]))
    units = {
        name: np.array([[row.get(f"{name} {k}", np.nan) for k in range(1, n + 1)] for row in rows], np.float32)
        for name, n in places.items()
    }
    return UsageHistory(np.array([row["epoch"] for row in rows], np.float32), units)
