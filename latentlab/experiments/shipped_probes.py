"""Curves of probes that ship with a run, so that its page opens with the full result.

A curve is stored without the weights and the answers of its probes, under a key of all that it depends on: the
parameters of the model, the data, the target, the settings and how it is measured. What has another key is not used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn

from latentlab.analysis.image_attributes import MEASURES
from latentlab.analysis.probes.layer_curve import Curve, Reading, probe_curve, probe_positions
from latentlab.analysis.probes.linear_probe import Probe
from latentlab.analysis.probes.logistic_regression import ClassificationScore
from latentlab.analysis.probes.tasks import CLASS, ProbeTask, Settings, task_of
from latentlab.data import UNLABELLED, load
from latentlab.models import Classifies
from latentlab.runs import measured
from latentlab.runs.store import Store

VERSION = 1  # to be raised when the same model, data and settings give other numbers
RUNS = ("mnist-vae-2d", "mnist-cnn", "digits-cnn")  # that ship with curves: the first is that which the page opens
TARGETS = (CLASS, *MEASURES)
EPOCHS = (None, 0)  # after training, and before


@dataclass(frozen=True, eq=False)
class StoredCurve:
    """A curve as it was stored, and the error of the model itself on its test examples; None of no classifier."""

    curve: Curve
    model_error: float | None


def full_curve(model: nn.Module, task: ProbeTask, settings: Settings) -> Curve:
    """The curve of a task by the settings, with its control task.

    Raises:
        ValueError: as `probe_curve`.
    """
    return probe_curve(
        model, task.x, task.y, task.sizes, n_classes=len(task.names), n_seeds=settings.n_seeds, how=settings.how,
        limit=settings.limit, control=True,
    )  # fmt: skip


def model_error(model: nn.Module, task: ProbeTask) -> float | None:
    """The share of the test examples that a model itself classifies wrongly; None if it is no classifier."""
    if not isinstance(model, Classifies):
        return None
    x, y = task.x[-task.sizes[2] :], torch.from_numpy(task.y[-task.sizes[2] :])
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    with torch.no_grad():
        predicted = torch.cat([model.classify(part).argmax(1) for part in x.split(250)])
    return float((predicted != y)[y != UNLABELLED].double().mean())


def key(model: nn.Module, dataset: str, target: str, settings: Settings) -> str:
    """A name that changes when anything does that the curve depends on."""
    return measured.key(model, [VERSION, dataset, target, asdict(settings)])


def to_tensors(stored: StoredCurve) -> dict[str, Tensor]:
    """The numbers of a curve: of each split of each probe, of each layer, and of all.

    Raises:
        ValueError: a probe has a warning, which would be lost.
    """
    probes = [reading.probes for reading in stored.curve.readings]
    if any(probe.warnings for layer in probes for probe in layer):
        raise ValueError("A curve with warnings is not stored.")
    scores = [[[_numbers(part) for part in (p.train, p.valid, p.test)] for p in layer] for layer in probes]
    layers = [[p[0].l2, p[0].baseline, _or_nan(p[0].control), _or_nan(p[0].memorised)] for p in probes]
    return {
        "scores": torch.tensor(scores, dtype=torch.float32),
        "layers": torch.tensor(layers, dtype=torch.float64),
        "of all": torch.tensor([*stored.curve.sizes, _or_nan(stored.model_error)], dtype=torch.float64),
    }


def from_tensors(tensors: Mapping[str, Tensor], model: nn.Module, x: Tensor, limit: int) -> StoredCurve:
    """The curve of a model again; x is one example of its data, of shape (1, *shape).

    Raises:
        ValueError: the numbers are not of a curve of this model.
    """
    places = probe_positions(model, x)
    scores, layers, of_all = tensors["scores"].numpy(), tensors["layers"].numpy(), tensors["of all"].tolist()
    if scores.shape[:1] + scores.shape[2:] != (len(places), 3, 4) or layers.shape != (len(places), 4):
        raise ValueError("The stored curve of probes is of another model.")
    none = np.empty((0, 1), np.float32)
    readings = []
    for place, seeds, (l2, baseline, control, memorised) in zip(places, scores.tolist(), layers.tolist(), strict=True):
        probes = tuple(
            Probe(
                weights=none, bias=none[:, 0], l2=l2, train=_score(train), valid=_score(valid), test=_score(test),
                baseline=baseline, control=_or_none(control), memorised=_or_none(memorised), layer=place.name,
                kept=min(limit, place.size), total=place.size,
            )
            for train, valid, test in seeds
        )  # fmt: skip
        readings.append(Reading(place, probes, "all" if place.size <= limit else "subset", none))
    n_fit, n_choose, n_test = map(int, of_all[:3])
    return StoredCurve(Curve(tuple(readings), np.empty(0, np.int64), (n_fit, n_choose, n_test)), _or_none(of_all[3]))


def read(
    tensors: Mapping[str, Tensor], model: nn.Module, x: Tensor, dataset: str, target: str, settings: Settings
) -> StoredCurve | None:
    """The stored curve of a model, None where there is none of just this model, data, target and settings.

    Args:
        tensors: what was measured of the run.
        model: in evaluation mode.
        x: (1, *shape), an example.
        dataset: the name of its data.
        target: of the probes.
        settings: of the probes.

    Raises:
        ValueError: as `from_tensors`.
    """
    start = f"{key(model, dataset, target, settings)} "
    found = {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
    return from_tensors(found, model, x, settings.limit) if found else None


def make(store: Store, run_id: str) -> Iterator[str]:
    """Measure the curves of a run that are not there yet, and store them; names each that was measured."""
    run, settings = store.read(run_id), Settings()
    task, before = task_of(load(run.dataset), settings.n, run.dataset), measured.read(store, run_id)
    kept: dict[str, Tensor] = {}
    for target in TARGETS:
        for epoch in EPOCHS:
            model = store.load(run_id, epoch)
            start = f"{key(model, run.dataset, target, settings)} "
            found = {name: value for name, value in before.items() if name.startswith(start)}
            if not found:
                about = task.with_target(target)
                own = model_error(model, about) if target == CLASS else None
                tensors = to_tensors(StoredCurve(full_curve(model, about, settings), own))
                found = {start + name: value for name, value in tensors.items()}
                measured.save(store, run_id, before | kept | found)
                yield f"{target}, {'after training' if epoch is None else 'before training'}"
            kept |= found
    measured.save(store, run_id, kept)


def _numbers(score: ClassificationScore | None) -> list[float]:
    assert score is not None  # all three splits have examples
    return [score.error, score.top, score.cross_entropy, score.n]


def _score(numbers: list[float]) -> ClassificationScore:
    error, top, cross_entropy, n = numbers
    return ClassificationScore(error, top, cross_entropy, int(n))


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
