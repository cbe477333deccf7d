"""The target of a model's probes, and its curve: a quick one at once, the full one from the background process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.image_attributes import MEASURES, UNITS, corrupted, grouped, measured, parity
from latentlab.analysis.probes.features import How
from latentlab.analysis.probes.layer_curve import Curve, probe_curve
from latentlab.data import UNLABELLED, Dataset, is_local, load
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
CLASS, PARITY, NOISE = "class", "parity", "amount of noise"
LEVELS = (0.0, 0.25, 0.5)  # standard deviations of the noise, which is also the target
SPLIT = (0.6, 0.2, 0.2)  # of the examples saved with a run, where the data set itself isn't here


@dataclass(frozen=True)
class Settings:
    """How probes are fitted; every field is in the report.

    Attributes:
        n: examples that they are fitted to; a quarter as many choose the penalty, half as many are tested on.
        limit: features kept of a layer.
        how: by which a wide layer is reduced.
        n_seeds: how often.
    """

    n: int = 2_000
    limit: int = 800
    how: How = "subset"
    n_seeds: int = 3


@dataclass(frozen=True, eq=False)
class ProbeTask:
    """Examples, and the target of probes on them.

    Attributes:
        x: (N, *shape), those that probes are fitted to first.
        y: (N,) labels.
        names: of the K classes.
        sizes: of the three splits.
        source: where the examples come from, in words.
    """

    x: Tensor
    y: Labels
    names: tuple[str, ...]
    sizes: tuple[int, int, int]
    source: str


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


def first_look(run: Subject, epoch: int | None, target: str, limit: int = FIRST_LIMIT) -> Curve:
    """A curve of the few examples that are saved with the run: imprecise, but available at once.

    Raises:
        ValueError: this target doesn't separate the examples.
    """
    return _first_look(run, epoch, resolved(run, target), limit)


def full(run: Subject, epoch: int | None, target: str, settings: Settings) -> Task[Curve]:
    """The curve by the settings, as far as the background process is with it.

    Raises:
        ValueError: as `first_look`.
    """
    task, about = probe_task(run, target, settings.n), resolved(run, target)
    call = partial(
        probe_curve, cached.model(run, epoch), task.x, task.y, task.sizes, n_classes=len(task.names),
        n_seeds=settings.n_seeds, how=settings.how, limit=settings.limit, control=True,
    )  # fmt: skip
    name = about.key if isinstance(about, Group) else about
    return run_task(f"probe {run.key} {epoch} {name} {len(task.y)} {settings}", call)


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
        splits = load(run.dataset)
        parts = [_some(part, size) for part, size in zip(splits, (n, n // 4, n // 2), strict=True)]
        x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts]).numpy()
        sizes, source = tuple(len(part) for part in parts), run.dataset
    else:
        kept = cached.examples(run)
        x, y, source = kept.x, kept.y.numpy(), "the test examples that are saved with the model"
        cuts = [round(share * len(x)) for share in SPLIT[:2]]
        sizes = (cuts[0], cuts[1], len(x) - sum(cuts))
    return _with_target(ProbeTask(x, y, run.classes, (sizes[0], sizes[1], sizes[2]), source), target)


@remember(8, on=lambda run, *_: is_local(run.dataset))
def model_error(run: Subject, epoch: int | None, n: int) -> float | None:
    """The error of the model itself on the test examples of the probes; None if it is no classifier."""
    model, task = cached.model(run, epoch), probe_task(run, CLASS, n)
    if not isinstance(model, Classifies):
        return None
    x, y = task.x[-task.sizes[2] :], torch.from_numpy(task.y[-task.sizes[2] :])
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    with torch.no_grad():
        said = torch.cat([model.classify(part).argmax(1) for part in x.split(250)])
    return float((said != y)[y != UNLABELLED].double().mean())


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


def _some(data: Dataset, n: int) -> Dataset:
    """At most n examples: not the first ones, which need not be like the others, but always the same."""
    if n >= len(data):
        return data
    return data[torch.from_numpy(np.random.default_rng(0).choice(len(data), n, replace=False))]


def _with_target(task: ProbeTask, target: str) -> ProbeTask:
    """The same examples with the labels of a target."""
    if target == CLASS:
        return task
    if target == PARITY:
        return replace(task, y=parity(task.y), names=("even", "odd"))
    x = task.x.float().div(255).numpy() if task.x.dtype == torch.uint8 else task.x.numpy()
    if target == NOISE:
        level = np.random.default_rng(0).integers(0, len(LEVELS), len(x))
        noisy = torch.from_numpy(corrupted(x, level, LEVELS))
        return replace(task, x=noisy, y=level, names=tuple(f"σ = {sigma:g}" for sigma in LEVELS))
    values = measured(x, target)
    y, names = grouped(values, unit=UNITS.get(target, ""))
    return replace(task, y=y, names=names)
