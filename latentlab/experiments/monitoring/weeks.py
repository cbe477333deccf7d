"""Weeks of readings in which something changes slowly: of the simulated plant, or parts of a table; and their drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np

from latentlab.analysis.activations import encode_all, encoder_of
from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.drift import Block, Drift, drift
from latentlab.analysis.monitoring.scores import expected, usual_error
from latentlab.analysis.monitoring.windows import are_whole, newest, window, windows
from latentlab.data.builtin.photovoltaic.electrical import SUBMODULES
from latentlab.data.builtin.photovoltaic.plant import FIRST_DAY, HEALTHY, LAST_DAY, Condition, simulate
from latentlab.data.builtin.photovoltaic.weather import SKIES
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import to_model
from latentlab.experiments.monitoring.streams import EVERY, NONE, SIZE
from latentlab.runs.store import Store

WEEK = 7  # days
SECONDS = 86_400.0  # of a day
PARTS = 10  # of a table without weeks
WEATHERS = (2, 3, 4)  # seeds of the normal weeks; that of the watched ones is another
WATCHED = 1
READ = 0.5  # of the time
ALIKE = 0.5  # of the rows that half the blocks have, a block has at least
LEAST_ROWS = 20
LEAST_WEEKS, LEAST_DAYS = 2, 3  # for weeks or days to be compared
DRAWS = 1  # of the code of a reading: means over a week are of hundreds of them


class Weeks(Protocol):
    """Where blocks of readings come from."""

    @property
    def step(self) -> str:
        """What a block is."""

    @property
    def changes(self) -> Mapping[str, str]:
        """The name of each slow change -> what it is; `NONE` is the first."""

    def normal(self) -> list[Doubles]:
        """Normal blocks, (N, *shape) each in the user's units."""

    def watched(self, change: str) -> list[Doubles]:
        """Blocks in which something changes from one to the next."""


@dataclass(frozen=True)
class Change:
    """What changes by the week.

    Attributes:
        text: what it is.
        column: the sensor that it changes; of the plant itself none.
        lost: share of the reading that is lost every week, or of the light of the plant.
        added: in the units of the sensor, every week.
        later: days after the normal weeks, at which those watched begin.
    """

    text: str
    column: int | None = None
    lost: float = 0.0
    added: float = 0.0
    later: int = 0


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        NONE: Change("nothing changes but the season"),
        "soiling": Change("the modules lose 1 % of the light every week", lost=0.01),
        "irradiance": Change("the sensor of the irradiance loses 1 % every week", 2, lost=0.01),
        "summer": Change("it is spring and summer, 60 days after the normal weeks", later=60),
        "temperature": Change("the module temperature reads 0.5 °C more every week", 4, added=0.5),
    }
)


@dataclass(frozen=True)
class PlantWeeks:
    """Eight weeks of the simulated plant, from `FIRST_DAY` on, each day under a sky drawn at random.

    Attributes:
        step: what a normal block is: "week" or "day".
        window: readings that make an example; 0 where each is one.
    """

    step: str = "week"
    window: int = 0

    @property
    def changes(self) -> Mapping[str, str]:
        """See `CHANGES`."""
        return {name: one.text for name, one in CHANGES.items()}

    def normal(self) -> list[Doubles]:
        """The same weeks, or their days, under three other weathers."""
        weeks = [self._days(first, seed, HEALTHY) for seed in WEATHERS for first in self._firsts()]
        return [day for week in weeks for day in week] if self.step == "day" else [np.concatenate(one) for one in weeks]

    def watched(self, change: str) -> list[Doubles]:
        """Week by week the change is as much larger."""
        one, found = CHANGES[change], list[Doubles]()
        for k, first in enumerate(self._firsts()):
            lost, plant = one.lost * (k + 1), HEALTHY
            if one.column is None and lost:
                plant = Condition("soiled", one.text, 0.0, ((SUBMODULES, lost),))
            readings = np.concatenate(self._days(first + one.later, WATCHED, plant))
            if one.column is not None:
                readings[..., one.column] = readings[..., one.column] * (1 - lost) + one.added * (k + 1)
            found.append(readings)
        return found

    def _firsts(self) -> range:
        return range(FIRST_DAY, LAST_DAY - WEEK + 1, WEEK)

    def _days(self, first: int, seed: int, plant: Condition) -> list[Doubles]:
        """(N, *shape) of each of seven days, every `EVERY` minutes; the weather is the same in any condition."""
        days = list[Doubles]()
        for day in range(first, first + WEEK):
            rng = np.random.default_rng([seed, day])
            readings = simulate(plant, day, rng, SKIES[int(rng.integers(len(SKIES)))]).readings
            days.append(windows(readings, self.window)[::EVERY])
        return days


@dataclass(frozen=True, eq=False)
class TableParts:
    """Tenths of a table, one after the other: of every second row the normal ones, of the others those watched.

    Attributes:
        readings: (N, D) in the user's units, or windows (N, n, D).
        names: of the D sensors.
    """

    readings: Doubles
    names: tuple[str, ...]
    step: str = "tenth"

    @property
    def changes(self) -> Mapping[str, str]:
        """A slow drift of each sensor."""
        text = f"reads {SIZE / PARTS:g} standard deviations more in every tenth"
        return {NONE: "nothing was changed"} | {name: f"{name} {text}" for name in self.names}

    def normal(self) -> list[Doubles]:
        """Tenths of every second row."""
        return np.array_split(self.readings[::2], PARTS)

    def watched(self, change: str) -> list[Doubles]:
        """Tenths of the other rows."""
        rows = self.readings[1::2].copy()
        if change in self.names:
            k = self.names.index(change)
            part = np.concatenate([np.full(len(one), i + 1) for i, one in enumerate(np.array_split(rows, PARTS))])
            each = part.reshape(-1, *[1] * (rows.ndim - 2))
            rows[..., k] += each * SIZE / PARTS * float(self.readings[..., k].std())
        return np.array_split(rows, PARTS)


def parts_of(readings: Doubles, times: Doubles | None) -> tuple[list[Doubles], str]:
    """A user's own readings in weeks or days, where their times go over some, else in tenths; and what a part is.

    Parts with much fewer rows than the others are left out.

    Args:
        readings: (N, *shape), NaN where there is no number: such examples are left out.
        times: (N,) seconds, where they are known.
    """
    whole = are_whole(readings)
    rows = readings[whole]
    parts, step = _by_time(rows, times[whole]) if times is not None and len(rows) else ([], "")
    if not parts:
        parts, step = np.array_split(rows, PARTS), "tenth"
    least_rows = max(LEAST_ROWS, ALIKE * float(np.median([len(part) for part in parts])))
    return [part for part in parts if len(part) >= least_rows], step


def _by_time(rows: Doubles, times: Doubles) -> tuple[list[Doubles], str]:
    """Weeks, of which there are at least two, or days, at least three; else nothing."""
    day = np.floor((times - np.floor(times.min() / SECONDS) * SECONDS) / SECONDS).astype(np.int64)
    for step, part, least in (("week", day // WEEK, LEAST_WEEKS), ("day", day, LEAST_DAYS)):
        there = np.unique(part)
        if len(there) >= least:
            return [rows[part == k] for k in there], step
    return [], ""


def find_drift(
    root: Path,
    shipped: Path,
    run_id: str,
    weeks: Weeks,
    change: str,
    own: Sequence[Doubles] | None,
    progress: Callable[[float], None],
) -> Drift:
    """How far blocks of readings have drifted from normal ones, by the codes of a run.

    Args:
        root, shipped: the folders of the store.
        run_id: of the run, which encodes and reconstructs.
        weeks: gives the normal blocks.
        change: in the watched blocks of the same source.
        own: the user's own blocks instead, (N, *shape) each in the user's units.
        progress: is given the share that is done.

    Raises:
        RunError: the run can't be read.
        ValueError: a block has too few rows, or there is none.
    """  # fmt: skip
    store = Store(root, shipped)
    model, examples = store.load(run_id).eval(), store.examples(run_id)
    usual = usual_error(model, examples.batch().x, DRAWS, generator(0))
    normal = weeks.normal()
    progress(READ)
    watched = weeks.watched(change) if own is None else list(own)
    if min((len(rows) for rows in (*normal, *watched)), default=0) < LEAST_ROWS or not watched:
        raise ValueError(f"There are too few readings: each {weeks.step} takes {LEAST_ROWS}.")
    found, every = list[Block](), [*normal, *watched]
    for k, rows in enumerate(every):
        x = to_model(rows, examples.scale)
        apart = expected(model, x, DRAWS, generator(0), usual).apart(x.flatten(1).double().numpy())
        apart = newest(apart, window(examples.spec))
        found.append(Block(encode_all(encoder_of(model), x).astype(np.float64), apart))
        progress(READ + (1 - READ) * (k + 1) / len(every))
    return drift(found[: len(normal)], found[len(normal) :])
