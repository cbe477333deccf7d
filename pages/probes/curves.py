"""The target of a model's probes, and its curve: a quick one at once, the full one from the background process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.image_attributes import MEASURES
from latentlab.analysis.probes.layer_curve import Curve, probe_curve
from latentlab.analysis.probes.tasks import CLASS, NOISE, PARITY, ProbeTask, Settings, task_of
from latentlab.data import UNLABELLED, is_local, load
from latentlab.experiments import shipped_probes
from latentlab.experiments.shipped_probes import StoredCurve, full_curve
from latentlab.models import Classifies
from latentlab.runs.examples import N_EXAMPLES
from latentlab.subjects import Subject
from pages.probes.own_columns import Column, classes_of, column_targets
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember
from pages.shared.selections import Group, everything_of, offered
from pages.shared.spaces import load_space
from pages.shared.visit import Slot

Labels = NDArray[np.int64]

CANCELLED: Slot[bool] = Slot("probes-cancelled")  # the visitor requested first looks only
FIRST_LIMIT = 128  # features of a first look
SPLIT = (0.6, 0.2, 0.2)  # of the examples saved with a run, where the data set itself isn't here


def targets(run: Subject) -> list[str]:
    """The targets that the examples of a run have."""
    even = [PARITY] if all(name.isdigit() for name in run.classes) else []
    images = [*MEASURES, NOISE] if len(run.shape) == 3 else []
    return [
        *([CLASS] if len(run.classes) > 1 else []),
        *even,
        *images,
        *offered(run),
        *column_targets(everything_of(run)),
    ]


@dataclass(frozen=True, eq=False)
class Found:
    """What is known by now.

    Attributes:
        curve: of the model.
        before: of the same model untrained, if that is wanted and known.
        n: examples that the probes were meant to be fitted to; 0 for a first look.
        tasks: those of the full curves, where they were not measured beforehand.
        model_error: of the model itself, where it was stored with the curve.
    """

    curve: Curve
    before: Curve | None
    n: int
    tasks: Sequence[Task[Curve]] = ()
    model_error: float | None = None


def find_curves(run: Subject, epochs: Sequence[int | None], target: str, settings: Settings) -> Found:
    """The curve of a model after the first of one or two epochs, and that after the second: the best that is there.

    Raises:
        ValueError: this target doesn't separate the examples.
    """
    known = [stored(run, epoch, target, settings) for epoch in epochs]
    ready = [one.curve for one in known if one is not None]
    if known[0] is not None and len(ready) == len(epochs):
        return Found(ready[0], ready[1] if len(ready) > 1 else None, settings.n, model_error=known[0].model_error)
    tasks = [] if CANCELLED.get() else [full(run, epoch, target, settings) for epoch in epochs]
    if tasks and tasks[0].result is not None:
        return Found(tasks[0].result, tasks[-1].result if len(tasks) > 1 else None, settings.n, tasks)
    quick = [first_look(run, epoch, target) for epoch in epochs]
    return Found(quick[0], quick[1] if len(quick) > 1 else None, 0, tasks)


def first_look(run: Subject, epoch: int | None, target: str, limit: int = FIRST_LIMIT) -> Curve:
    """A curve of the few examples that are saved with the run: imprecise, but available at once.

    Raises:
        ValueError: this target doesn't separate the examples.
    """
    return _first_look(run, epoch, resolved(run, target), limit)


def stored(run: Subject, epoch: int | None, target: str, settings: Settings) -> StoredCurve | None:
    """The curve by the settings that ships with the run; None where none does, or one of other parameters."""
    about = resolved(run, target)
    return None if isinstance(about, Group) else _stored(run, epoch, about, settings)


def full(run: Subject, epoch: int | None, target: str, settings: Settings) -> Task[Curve]:
    """The curve by the settings, as far as the background process is with it.

    Args:
        run: whose examples they are.
        epoch: after which the parameters are taken; None for the end of training.
        target: of the probes.
        settings: of the probes.

    Raises:
        ValueError: as `first_look`.
    """
    task = probe_task(run, target, settings.n)
    name = f"probe {run.key} {epoch} {_name(run, target)} {len(task.y)} {settings}"
    return run_task(name, partial(full_curve, cached.model(run, epoch), task, settings))


def closely(run: Subject, epoch: int | None, target: str, settings: Settings, layer: str) -> Task[Curve]:
    """One layer of the full curve with the answers and the weights of its first probe."""
    task = probe_task(run, target, settings.n)
    call = partial(
        probe_curve, cached.model(run, epoch), task.x, task.y, task.sizes, n_classes=len(task.names), how=settings.how,
        limit=settings.limit, only=layer,
    )  # fmt: skip
    return run_task(f"layer {layer} {run.key} {epoch} {_name(run, target)} {len(task.y)} {settings}", call)


def probe_task(run: Subject, target: str | Group, n: int) -> ProbeTask:
    """The examples of a target: of the data set if it is available, else those saved with the run."""
    return _question(run, target if isinstance(target, Group) else resolved(run, target), n)


def resolved(run: Subject, target: str) -> str | Group:
    """A target as a cache may know it: the group of that name if there is one, for two groups can share a name."""
    return offered(run).get(target, target)


@remember(6, on=lambda run, *_: is_local(run.dataset))
def _question(run: Subject, target: str | Group, n: int) -> ProbeTask:
    if isinstance(target, Group):
        return _belonging(target, n)
    if target in (own := column_targets(everything_of(run))):
        return _by_column(run, own[target], n)
    if n and is_local(run.dataset):
        return task_of(load(run.dataset), n, run.dataset).with_target(target)
    kept = cached.examples(run)
    cuts = [round(share * len(kept)) for share in SPLIT[:2]]
    sizes = (cuts[0], cuts[1], len(kept) - sum(cuts))
    source = "the test examples that are saved with the model"
    return ProbeTask(kept.x, kept.y.numpy(), run.classes, sizes, source).with_target(target)


@remember(8, on=lambda run, *_: is_local(run.dataset))
def model_error(run: Subject, epoch: int | None, n: int) -> float | None:
    """The error of the model itself on the test examples of the probes; None if it is no classifier."""
    if not run.has(Classifies):
        return None
    return shipped_probes.model_error(cached.model(run, epoch), probe_task(run, CLASS, n))


@remember(64)
def _stored(run: Subject, epoch: int | None, target: str, settings: Settings) -> StoredCurve | None:
    tensors = run.measured()
    if not tensors:
        return None
    x = cached.examples(run).x[:1]
    return shipped_probes.read(tensors, cached.model(run, epoch), x, run.dataset, target, settings)


def _name(run: Subject, target: str) -> str:
    """Of a target, as no other target of the run has it."""
    about = resolved(run, target)
    return about.key if isinstance(about, Group) else about


@remember(64)
def _first_look(run: Subject, epoch: int | None, target: str | Group, limit: int) -> Curve:
    task = _question(run, target, 0)
    return probe_curve(
        cached.model(run, epoch), task.x, task.y, task.sizes, n_classes=len(task.names), limit=limit
    )  # fmt: skip


def _belonging(group: Group, n: int) -> ProbeTask:
    """Does an example belong to a group, or to the rest?"""
    return _divided(load_space(group.source).data.x, group.is_member().astype(np.int64), ("the rest", group.name), n)


def _by_column(run: Subject, values: Column, n: int) -> ProbeTask:
    """What a column of the user's table says; numbers are low, medium or high among the examples that are used."""
    used, y = _order(len(values), n), np.full(len(values), UNLABELLED)
    y[used], names = classes_of(values[used])
    return _divided(load_space(everything_of(run)).data.x, y, names, n)


def _divided(x: Tensor, y: Labels, names: tuple[str, ...], n: int) -> ProbeTask:
    """All examples, divided at random, the same way every time; few of them for a first look."""
    order = _order(len(x), n)
    cuts = [round(share * len(order)) for share in SPLIT[:2]]
    sizes = (cuts[0], cuts[1], len(order) - sum(cuts))
    return ProbeTask(x[torch.from_numpy(order)], y[order], names, sizes, "the examples on the map, divided at random")


def _order(n_all: int, n: int) -> NDArray[np.int64]:
    """The examples that are used, in an order that is always the same."""
    return np.random.default_rng(0).permutation(n_all)[: 2 * n or N_EXAMPLES]
