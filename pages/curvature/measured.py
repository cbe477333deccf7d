"""The curvature of a run at its snapshots: what ships, and what the background process measures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

from latentlab.analysis.curvature.measure import Curvature
from latentlab.analysis.curvature.objective import layer_sizes
from latentlab.analysis.curvature.sharpness import Sharpness
from latentlab.analysis.curvature.subsets import Subset
from latentlab.data import is_local, names
from latentlab.experiments.curvature import of_run as run_curvature
from latentlab.experiments.curvature.of_run import Own, Settings
from latentlab.figures.curvature.course import Course
from latentlab.jobs.background import report
from latentlab.remote.model import RemoteClassifies
from latentlab.subjects import OwnModel, StoredRun
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember

END = "end"  # of the training, among its snapshots
SMALL = 60_000  # parameters: of more nothing is measured before someone asks for it


def times(run: StoredRun) -> Mapping[str, int | None]:
    """Name -> epoch of what can be measured, the end of the training last."""
    return {str(epoch): epoch for epoch in run.snapshots} | {END: None}


def is_small(run: StoredRun) -> bool:
    """Whether it is measured as soon as it is looked at."""
    return run.run.size <= SMALL


def of_training(run: StoredRun) -> bool:
    """Whether the examples are of the training split; else they are the test examples saved with the run."""
    return run.dataset in names() and is_local(run.dataset)


@remember(32)
def shipped(run: StoredRun, settings: Settings) -> Mapping[str, Curvature]:
    """What was measured beforehand, by the name of the time."""
    tensors, found = run.measured(), dict[str, Curvature]()
    if not any(name.startswith(run_curvature.START) for name in tensors):
        return found
    for name, epoch in times(run).items():
        try:
            known = run_curvature.stored(tensors, cached.model(run, epoch), run.dataset, settings)
        except ValueError:  # it is damaged: it is measured again
            continue
        if known is not None:
            found[name] = known
    return found


def tasks(run: StoredRun, settings: Settings) -> Mapping[str, Task[Curvature]]:
    """What is being measured of the times that nothing is known of."""
    known = shipped(run, settings)
    return {
        name: run_task(
            f"curvature {run.key} {name} {settings}",
            partial(
                run_curvature.at_snapshot, run.store.root, run.store.shipped, run.id, epoch, settings, progress=report
            ),
        )
        for name, epoch in times(run).items()
        if name not in known
    }


def subsets_task(run: StoredRun, name: str, k: int) -> Task[tuple[Subset, ...]]:
    """How many examples the Hessian needs at a time of a run, which the background process finds."""
    return run_task(
        f"curvature-subsets {run.key} {name} {k}",
        partial(
            run_curvature.how_much_data, run.store.root, run.store.shipped, run.id, times(run)[name], k, progress=report
        ),
    )


@remember(32)
def n_examples(run: StoredRun) -> int:
    """How many examples its loss could be taken over: those of its training, or those saved with it."""
    return len(run_curvature.examples_of(run.store, run.run, None)[0])


def own_task(subject: OwnModel, settings: Settings, most: int) -> Task[Own]:
    """What its own process is measuring of a classifier of the user's own."""
    return run_task(
        f"curvature {subject.key} {most} {settings}",
        partial(run_curvature.of_own, cast("RemoteClassifies", subject.model()), settings, most),
    )


def layers(run: StoredRun) -> Mapping[str, int]:
    """Layer -> the number of its parameters, in their order."""
    return layer_sizes(cached.model(run).named_parameters())


def step_at(run: StoredRun, name: str) -> int:
    """The step of a time."""
    return run_curvature.step_at(run.run, times(run)[name])


def sharpness(run: StoredRun, found: Mapping[str, Curvature]) -> Sharpness:
    """λ₁ over the training against what its step sizes bear."""
    steps = [step_at(run, name) for name in found]
    return run_curvature.sharpness_of(
        run.run, steps, [one.largest for one in found.values()], run.store.history(run.id)
    )


def course(run: StoredRun, found: Mapping[str, Curvature]) -> Course:
    """What is drawn of a run: its eigenvalues at each time, its loss as the training reported it, and 2/η."""
    rows = [row for row in run.store.history(run.id) if "loss" in row and "step" in row and row["loss"] > 0]
    plain = run.training.get("optimizer", "adam") in ("sgd", "momentum") and found
    bearable = float(sharpness(run, found).bearable[0]) if plain and run.run.steps else None
    return Course(
        [step_at(run, name) for name in found],
        [one.values for one in found.values()],
        [row["step"] for row in rows],
        [row["loss"] for row in rows],
        bearable,
    )
