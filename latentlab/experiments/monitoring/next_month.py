"""Does a threshold hold on the next month? A plant's normal days, thresholds from one month, false alarms in the other.

`python -m latentlab reproduce monitoring` simulates the months with each seed; `TABLE` has the numbers of the last run.
The model is the run that ships, which was trained on days of both months with other weather. The band that days give
(`thresholds.py`) is beside the one that would hold if each reading were for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.monitoring.scores import DRAWS, scores
from latentlab.analysis.monitoring.thresholds import at_rate
from latentlab.data.builtin.photovoltaic.plant import FIRST_DAY, HEALTHY, LAST_DAY, simulate
from latentlab.data.builtin.photovoltaic.weather import SKIES
from latentlab.device import generator
from latentlab.experiments.monitoring.of_run import to_model
from latentlab.experiments.score_tables import ScoreTable, grouped
from latentlab.models import Model
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED

RUN = "photovoltaic-vae"
RATES = (0.005, 0.01, 0.05)
SEEDS = tuple(range(30))
MONTH = (LAST_DAY - FIRST_DAY) // 2  # days
EVERY = 3  # minutes between two readings


@dataclass(frozen=True)
class MonthScore:
    """A threshold from one month, and the other month.

    Attributes:
        seed: of the weather.
        rate: of false alarms, at most, that is promised.
        expected: what the threshold promises; `low`, `high` its band by days, `alone_low`, `alone_high` as if each
            reading were for itself.
        measured: the share of false alarms in the other month.
        measured_alone: the same for the threshold of readings that are each for itself.
    """

    seed: int
    rate: float
    expected: float
    low: float
    high: float
    measured: float
    alone_low: float
    alone_high: float
    measured_alone: float

    @property
    def holds(self) -> bool:
        """Whether what was measured lies within the band by days."""
        return self.low <= self.measured <= self.high

    @property
    def holds_alone(self) -> bool:
        """The same as if each reading were for itself."""
        return self.alone_low <= self.measured_alone <= self.alone_high


TABLE = ScoreTable(MonthScore, SHIPPED / "next-month.csv", part=lambda score: (score.seed, score.rate))


def run(seeds: Sequence[int] = SEEDS) -> Iterator[MonthScore]:
    """Simulate two months with each seed; yields the scores of each rate.

    Raises:
        RunError: the run that ships is missing.
    """
    store = SHIPPED_RUNS
    model, scale = store.load(RUN).eval(), store.examples(RUN).scale
    for seed in seeds:
        readings = [
            simulate(HEALTHY, day, np.random.default_rng([seed, day]), SKIES[k % len(SKIES)]).readings[::EVERY]
            for k, day in enumerate(range(FIRST_DAY, LAST_DAY))
        ]
        yield from months(model, [to_model(day, scale) for day in readings], seed)


def months(model: Model, days: Sequence[Tensor], seed: int) -> Iterator[MonthScore]:
    """Of the readings of each day, as a model sees them: the first `MONTH` days, and those after them."""
    found = scores(model, torch.cat(list(days)), DRAWS, generator(seed))
    of_day = np.repeat(np.arange(len(days)), [len(day) for day in days])
    first, later = found[of_day < MONTH], found[of_day >= MONTH]
    for rate in RATES:
        by_days, alone = at_rate(first, rate, of_day[of_day < MONTH]), at_rate(first, rate)
        yield MonthScore(
            seed, rate, by_days.rate.value, by_days.rate.low, by_days.rate.high, _above(later, by_days.value),
            alone.rate.low, alone.rate.high, _above(later, alone.value),
        )  # fmt: skip


def table_rows(scores: Sequence[MonthScore]) -> list[dict[str, str]]:
    """A row for each rate."""
    return [
        {
            "at most": f"{rate:.1%}", "expected": f"{np.mean([one.expected for one in own]):.2%}",
            "next month, mean": f"{np.mean([one.measured for one in own]):.2%}",
            "from": f"{min(one.measured for one in own):.2%}", "to": f"{max(one.measured for one in own):.2%}",
            "band, median": f"{np.median([one.low for one in own]):.2%} to {np.median([one.high for one in own]):.2%}",
            "within, by days": f"{sum(one.holds for one in own)} of {len(own)}",
            "within, by readings": f"{sum(one.holds_alone for one in own)} of {len(own)}",
        }
        for rate, own in grouped(scores, lambda one: one.rate).items()
    ]  # fmt: skip


def verdict(scores: Sequence[MonthScore]) -> str:
    """Whether the bands hold; empty of no scores."""
    if not scores:
        return ""
    n = len(scores)
    return (
        f"The false alarms of the next month are within the band of a threshold from {MONTH} normal days in "
        f"{sum(one.holds for one in scores) / n:.0%} of {n} cases, {len(RATES)} rates a month; within one that takes "
        f"each reading for itself, in {sum(one.holds_alone for one in scores) / n:.0%}: a few days of unusual weather "
        "have most of them."
    )


def _above(found: Doubles, threshold: float) -> float:
    return float((found > threshold).mean())
