"""What the page shows of trainings: those that ship, or those that the background process makes on the spot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.importance.verdict import Compared
from latentlab.experiments.importance import of_run as run_importance
from latentlab.experiments.importance import tables as importance_tables
from latentlab.experiments.importance.of_run import Heaviness, Live
from latentlab.experiments.importance.training import ImportanceScore, Setting
from latentlab.jobs.background import report
from latentlab.subjects import StoredRun
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember


@dataclass(frozen=True, eq=False)
class Course:
    """Trainings by both methods with several seeds.

    Attributes:
        steps: (T,) at which all were measured.
        values: method -> field of `ImportanceScore` -> (seeds, T).
    """

    steps: Sequence[int]
    values: Mapping[str, Mapping[str, Doubles]]

    @classmethod
    def of(cls, scores: Sequence[ImportanceScore]) -> Course:
        """Of trainings of one setting."""
        steps = sorted({one.step for one in scores})
        known = {(one.method, one.seed, one.step): one for one in scores}
        values: dict[str, dict[str, Doubles]] = {}
        for method in sorted({one.method for one in scores}):
            seeds = sorted({one.seed for one in scores if one.method == method})
            values[method] = {
                name: np.array([[getattr(known[method, seed, step], name) for step in steps] for seed in seeds])
                for name in FIELDS
            }
        return cls(steps, values)

    def of_each(self, name: str) -> dict[str, Doubles]:
        """Method -> (seeds, T) of one field."""
        return {method: found[name] for method, found in self.values.items()}

    def compared(self, place: int) -> Compared:
        """Medians at one of the steps."""
        issgd, sgd = (
            {name: float(np.median(v[:, place])) for name, v in self.values[m].items()} for m in ("ISSGD", "SGD")
        )
        return Compared(
            self.steps[place], issgd["loss"], sgd["loss"], issgd["test_error"], sgd["test_error"], issgd["smoothed"],
            issgd["uniform"], issgd["factor"],
        )  # fmt: skip


FIELDS = ("loss", "error", "test_error", "ideal", "smoothed", "stale", "uniform", "factor")


def n_examples(setting: Setting) -> int:
    """How many examples a setting trains on."""
    return setting.n_train or len(cached.splits(setting.data).train)


def sweep(setting: Setting) -> float:
    """Steps until every weight has been measured again; infinite without workers."""
    many = setting.workers * setting.refresh
    return max(1.0, n_examples(setting) / many) if many else math.inf


@remember(8)
def shipped(setting: str) -> Course | None:
    """Of what ships for a setting; None where nothing does."""
    own = [one for one in importance_tables.PROGRESS.read() if one.setting == setting]
    return Course.of(own) if own else None


def live(setting: Setting) -> Task[Live]:
    """Trainings of a setting by the background process."""
    return run_task(f"importance {setting}", partial(run_importance.live, setting, progress=report))


def heaviness(run: StoredRun) -> Task[Heaviness]:
    """The lengths of the gradients of a run's examples, by the background process."""
    return run_task(
        f"heaviness {run.key}",
        partial(run_importance.heaviness, run.store.root, run.store.shipped, run.id, progress=report),
    )
