"""The target of a model's probes, and its curve: a quick one at once, the full one from the background process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.image_attributes import MEASURES
from latentlab.analysis.probes import column_targets as of_columns
from latentlab.analysis.probes.column_targets import Target
from latentlab.analysis.probes.layer_curve import Curve, probe_curve
from latentlab.analysis.probes.tasks import CLASS, NOISE, PARITY, SPLIT, ProbeTask, Settings, divided, task_of, used_of
from latentlab.data import UNLABELLED, is_local, load
from latentlab.experiments import shipped_probes
from latentlab.experiments.shipped_probes import StoredCurve, full_curve
from latentlab.models import Classifies
from latentlab.runs.examples import N_EXAMPLES
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.per_example import factors, other_columns
from pages.shared.remember import remember
from pages.shared.selections import Group, everything_of, offered
from pages.shared.spaces import Source, load_space
from pages.shared.visit import Slot

Labels = NDArray[np.int64]

CANCELLED: Slot[bool] = Slot("probes-cancelled")  # the visitor requested first looks only
FIRST_LIMIT = 128  # features of a first look


def targets(run: Subject) -> list[str]:
    """The targets that the examples of a run have."""
    even = [PARITY] if run.classes and all(name.isdigit() for name in run.classes) else []
    images = [*MEASURES, NOISE] if len(run.shape) == 3 else []
    return [
        *([CLASS] if len(run.classes) > 1 else []),
        *even,
        *images,
        *offered(run),
        *column_targets(everything_of(run)),
    ]


@remember(8, on=lambda source: source.run is None or cached.has_data(source.run))
def column_targets(source: Source) -> dict[str, Target]:
    """Name -> of which something can be decoded: the factors that made the examples, then other columns."""
    made = factors(source)
    return of_columns.column_targets(made, other_columns(source, made))


@dataclass(frozen=True)
class Network:
    """What probes read: the model of a subject after an epoch of its training; None for the end."""

    of: Subject
    epoch: int | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """What is known by now of some networks, all on the same examples, by probes that are fitted alike.

    Attributes:
        curves: of each network; None of one that isn't known yet, which the first always is.
        n: examples that the probes were meant to be fitted to; 0 for a first look.
        tasks: those of the full curves, where they were not measured beforehand.
        model_error: of the first model itself, where it was stored with the curve.
    """

    curves: Sequence[Curve | None]
    n: int
    tasks: Sequence[Task[Curve]] = ()
    model_error: float | None = None

    @property
    def curve(self) -> Curve:
        """Of the first network."""
        assert self.curves[0] is not None
        return self.curves[0]


def find_curves(
    run: Subject, networks: Sequence[Network], target: str, settings: Settings, n_compared: int = 1
) -> Found:
    """The curves of some networks on the examples of a run: the best that is there.

    Args:
        run: whose examples they are.
        networks: the first one is that of the run.
        target: of the probes.
        settings: of the probes.
        n_compared: of so many, from the first on, either all full curves are given, or a first look at each.

    Raises:
        ValueError: this target doesn't separate the examples.
    """
    known = [stored(run, network, target, settings) for network in networks]
    ready = [one.curve if one is not None else None for one in known]
    tasks: dict[int, Task[Curve]] = {}
    if None in ready and not CANCELLED.get():
        sizes = probe_task(run, target, settings.n).sizes
        for k, network in enumerate(networks):
            curve = ready[k]
            if curve is None or curve.sizes != sizes:
                tasks[k] = full(run, network, target, settings)
                ready[k] = tasks[k].result
    failed = {k for k, task in tasks.items() if task.error is not None}
    if ready[0] is not None and all(ready[k] is not None or k in failed for k in range(n_compared)):
        own = known[0].model_error if known[0] is not None and 0 not in tasks else None
        return Found(ready, settings.n, list(tasks.values()), own)
    return Found([first_look(run, network, target) for network in networks], 0, list(tasks.values()))


def first_look(run: Subject, network: Network, target: str, limit: int = FIRST_LIMIT) -> Curve:
    """A curve of the few examples that are saved with the run: imprecise, but available at once.

    Raises:
        ValueError: this target doesn't separate the examples.
    """
    return _first_look(network.of, network.epoch, run, resolved(run, target), limit)


def stored(run: Subject, network: Network, target: str, settings: Settings) -> StoredCurve | None:
    """The curve by the settings that ships with a run; None where none does, or one of other parameters."""
    about = resolved(run, target)
    if isinstance(about, Group) or network.of.dataset != run.dataset:
        return None
    return _stored(network.of, network.epoch, about, settings)


def full(run: Subject, network: Network, target: str, settings: Settings) -> Task[Curve]:
    """The curve by the settings, as far as the background process is with it.

    Args:
        run: whose examples they are.
        network: whose layers are read.
        target: of the probes.
        settings: of the probes.

    Raises:
        ValueError: as `first_look`.
    """
    task = probe_task(run, target, settings.n)
    examples = run.dataset if is_local(run.dataset) else run.key
    name = f"probe {network.of.key} {network.epoch} {examples} {_name(run, target)} {len(task.y)} {settings}"
    return run_task(name, partial(full_curve, cached.model(network.of, network.epoch), task, settings))


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
def _first_look(of: Subject, epoch: int | None, run: Subject, target: str | Group, limit: int) -> Curve:
    task = _question(run, target, 0)
    return probe_curve(
        cached.model(of, epoch), task.x, task.y, task.sizes, n_classes=len(task.names), limit=limit
    )  # fmt: skip


def _belonging(group: Group, n: int) -> ProbeTask:
    """Does an example belong to a group, or to the rest?"""
    x, y = load_space(group.source).data.x, group.is_member().astype(np.int64)
    return divided(x, y, ("the rest", group.name), 2 * n or N_EXAMPLES)


def _by_column(run: Subject, target: Target, n: int) -> ProbeTask:
    """What is known of the examples; numbers are low, medium or high among those that are used."""
    x = load_space(everything_of(run)).data.x
    used, y = used_of(len(x), 2 * n or N_EXAMPLES), np.full(len(x), UNLABELLED)
    y[used], names = target(used)
    return divided(x, y, names, 2 * n or N_EXAMPLES)
