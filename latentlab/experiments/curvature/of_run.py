"""The curvature of a run at its snapshots: what ships with some runs, and what the page asks of any other.

It is measured on a fixed subset of the run's training examples, with the labels that the training had, or on the test
examples that are saved with the run where its data aren't there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.curvature.measure import Curvature, check_gradient, from_arrays, measure, to_arrays
from latentlab.analysis.curvature.objective import layer_sizes, objective_of
from latentlab.analysis.curvature.sharpness import Sharpness, sharpness
from latentlab.analysis.curvature.subsets import ENDS, Subset, of_subsets
from latentlab.data import DataError, Dataset, is_local, load, names
from latentlab.knobs import from_dict
from latentlab.models import Trains
from latentlab.remote.model import RemoteClassifies
from latentlab.runs import measured
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.training.batches import batches_for
from latentlab.training.config import TrainConfig
from latentlab.training.schedules import step_sizes

VERSION = 1  # to be raised when the same model, data and settings give other numbers
RUNS = ("digits-rmsprop", "digits-sgd")  # that ship with their curvature: the first is that which the page opens
MOST = 1_500  # examples whose Hessian is taken for that of all
SHARES = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)  # of them, of which the Hessians are compared with theirs
CHECKED = 20  # examples that say whether the loss has a Hessian
START = "curvature "  # before the names of its tensors among what was measured of a run


@dataclass(frozen=True)
class Settings:
    """How the curvature of a run is measured: on so many examples, and so many eigenpairs of either end."""

    n: int = 200
    k: int = 5


@dataclass(frozen=True)
class Own:
    """A classifier of the user's own.

    Attributes:
        layers: layer -> the number of its parameters that the loss depends on.
        found: its curvature; None where they are too many.
    """

    layers: Mapping[str, int]
    found: Curvature | None


def check(run: Run) -> None:
    """Refuse a run whose loss has no Hessian.

    Raises:
        ValueError: it was fitted, or has several players; in one sentence.
    """
    if not issubclass(run.kind, Trains):
        raise ValueError(f"A model of the kind “{run.kind.title}” is fitted, not trained by gradients of a loss.")
    if len(run.kind.players) > 1:
        raise ValueError(f"The players of “{run.kind.title}” have no one loss, so there is no Hessian.")


def examples_of(store: Store, run: Run, n: int | None) -> tuple[Dataset, bool]:
    """The first n examples of a run's Hessian, always the same, or all, and whether they are of its training split."""
    if run.dataset in names() and is_local(run.dataset) and issubclass(run.kind, Trains):
        try:
            model = run.build()
            assert isinstance(model, Trains)
            data = batches_for(model, load(run.dataset).train, from_dict(TrainConfig, run.train))[0]
            return data[torch.randperm(len(data), generator=device.generator(0))[:n]], True
        except DataError:  # they aren't those of the training any more
            pass
    return store.examples(run.id)[:n], False


def at_snapshot(
    root: Path, shipped: Path, run_id: str, epoch: int | None, settings: Settings, progress: Callable[[float], None]
) -> Curvature:
    """The curvature of a run at one of its snapshots, in single precision.

    Args:
        root, shipped: the folders of the store.
        run_id: of the run.
        epoch: one of the store's snapshots; None for the end of the training.
        settings: how it is measured.
        progress: is given the share that is done.

    Raises:
        RunError: the run can't be read.
        ValueError: as `check` and `measure`.
    """
    store = Store(root, shipped)
    run = store.read(run_id)
    check(run)
    model, (data, _) = store.load(run_id, epoch), examples_of(store, run, settings.n)
    assert isinstance(model, Trains)
    check_gradient(objective_of(model, data[:CHECKED]))
    objective = objective_of(model, data, precision=torch.float32)
    k = max(1, min(settings.k, objective.size // 2))
    return measure(objective, k, k, progress)


def how_much_data(
    root: Path, shipped: Path, run_id: str, epoch: int | None, k: int, progress: Callable[[float], None]
) -> tuple[Subset, ...]:
    """The Hessians of `SHARES` of the first `MOST` examples of a run, at one of its snapshots.

    Args:
        root, shipped, run_id, epoch: as `at_snapshot`.
        k: eigenpairs of either end.
        progress: is given the share that is done.

    Raises:
        RunError, ValueError: as `at_snapshot`.
    """
    store = Store(root, shipped)
    run = store.read(run_id)
    check(run)
    model, (data, _) = store.load(run_id, epoch), examples_of(store, run, MOST)
    assert isinstance(model, Trains)
    sizes = sorted({max(1, round(share * len(data))) for share in SHARES})
    found: list[Subset] = []
    for one in of_subsets(lambda n: objective_of(model, data[:n], precision=torch.float32), sizes, k):
        found.append(one)
        progress(sum(one.n for one in found) / (len(ENDS) * sum(sizes)))
    return tuple(found)


def of_own(model: RemoteClassifies, settings: Settings, most: int) -> Own:
    """The curvature of a classifier of the user's own, as its own process measures it.

    Args:
        model: of the user's own.
        settings: how it is measured.
        most: parameters; of a network with more nothing is measured.

    Raises:
        RemoteError: it has no Hessian, or its process doesn't answer; in one sentence.
        ValueError: what it answers is of another network.
    """
    layers, arrays = model.curvature(settings.n, settings.k, most)
    numbers = {name: np.asarray(value, np.float64) for name, value in arrays.items()}
    return Own(layers, from_arrays(numbers, len(layers)) if numbers else None)


def key(model: nn.Module, dataset: str, settings: Settings) -> str:
    """A name that changes when anything does that the numbers depend on."""
    return measured.key(model, [VERSION, dataset, asdict(settings)])


def stored(tensors: Mapping[str, Tensor], model: nn.Module, dataset: str, settings: Settings) -> Curvature | None:
    """What was measured of a model, None where nothing was of just this model, data and settings.

    Raises:
        ValueError: the numbers are of another network.
    """
    start = f"{START}{key(model, dataset, settings)} "
    arrays = {name.removeprefix(start): v.double().numpy() for name, v in tensors.items() if name.startswith(start)}
    return from_arrays(arrays, len(layer_sizes(model.named_parameters()))) if arrays else None


def make(store: Store, run_id: str, settings: Settings | None = None) -> Iterator[str]:
    """Measure a run at all its snapshots and store the numbers; names each time that was measured."""
    settings, run = settings or Settings(), store.read(run_id)
    before = {name: v for name, v in measured.read(store, run_id).items() if not name.startswith(START)}
    found: dict[str, Tensor] = {}
    for epoch in [*store.snapshots(run_id), None]:
        now = at_snapshot(store.root, store.shipped, run_id, epoch, settings, lambda _: None)
        start = f"{START}{key(store.load(run_id, epoch), run.dataset, settings)} "
        found |= {start + name: torch.from_numpy(value.astype(np.float32)) for name, value in to_arrays(now).items()}
        yield f"λ from {now.smallest:.3g} to {now.largest:.3g} after epoch {'last' if epoch is None else epoch}"
    measured.save(store, run_id, before | found)


def step_at(run: Run, epoch: int | None) -> int:
    """The step of a run's snapshot; None for the end of the training."""
    if epoch is None:
        return run.steps
    return round(run.steps * epoch / from_dict(TrainConfig, run.train).epochs)


def sharpness_of(
    run: Run, steps: Sequence[int], largest: Sequence[float], history: Sequence[Mapping[str, float]] = ()
) -> Sharpness:
    """λ₁ of a run, measured at some steps, against what its step sizes bear, which may follow from its history."""
    config, headline = from_dict(TrainConfig, run.train), run.kind.headline
    term = f"valid_{headline.term}"
    held_out = [headline.improvement({headline.term: row[term]}) for row in history if term in row]
    rates = step_sizes(config, run.steps, held_out)
    momentum = config.momentum if config.optimizer == "momentum" else 0.0
    return sharpness(steps, largest, rates, momentum)
