"""What the page watches: streams of a source, their scores by a run, and what the background process counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Floats, floats
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.monitoring.scores import DRAWS, Expected, expected, scores
from latentlab.data.builtin.photovoltaic.plant import PLANTS
from latentlab.device import generator
from latentlab.experiments.run_monitoring import AllFaults, Calibration, find_faults, to_model, to_user
from latentlab.experiments.streams import PlantDays, Source, Stream, TableRows
from latentlab.jobs.background import report
from latentlab.models import Encodes, InfersLatents
from latentlab.subjects import StoredRun, Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember


@dataclass(frozen=True, eq=False)
class Watched:
    """A stream as a model takes it.

    Attributes:
        stream: its readings.
        x: (T, D) as the model sees them.
        scores: (T,).
        expected: what the model expected, as it sees it.
        mean: (T, D) the same in the user's units.
    """

    stream: Stream
    x: Tensor
    scores: Doubles
    expected: Expected
    mean: Doubles

    def apart(self, at: int) -> Doubles:
        """(D,) how many deviations each sensor is from what was expected at a reading."""
        found: Doubles = self.expected.apart(self.x.double().numpy())[at]
        return found


def is_plant(run: Subject) -> bool:
    """Whether its readings are those of the simulated plant, so that more of them can be had."""
    return run.dataset in PLANTS


def names(run: Subject) -> tuple[str, ...]:
    """Of the sensors."""
    return run.spec.names or tuple(f"x{k + 1}" for k in range(run.spec.shape[0]))


@remember(8)
def source(run: Subject) -> Source:
    """Where its streams come from: the simulated plant, else the test examples saved with it."""
    if is_plant(run):
        return PlantDays()
    known = cached.examples(run)
    x = known.batch().x
    return TableRows((known.scale.back(x) if known.scale else x).double().numpy(), names(run))


@remember(8)
def calibration(run: Subject) -> Calibration:
    """Its scores of normal readings."""
    return Calibration.of(cached.model(run), source(run), cached.examples(run).scale)


@remember(32)
def watched(run: Subject, fault: str, place: int, sky: str, share: float) -> Watched:
    """A stream with its scores."""
    model, scale = cached.model(run), cached.examples(run).scale
    stream = source(run).stream(fault, place, sky, share)
    x = to_model(stream.readings, scale)
    found = expected(model, x, DRAWS, generator(1), calibration(run).usual)
    return Watched(stream, x, scores(model, x, DRAWS, generator(0)), found, to_user(found.mean, scale))


def faults_task(run: StoredRun) -> Task[AllFaults]:
    """Which faults it finds, by the background process."""
    return run_task(
        f"faults {run.key}",
        partial(find_faults, run.store.root, run.store.shipped, run.id, source(run), run.run.model, progress=report),
    )


@dataclass(frozen=True, eq=False)
class Codes:
    """The codes of the test examples saved with a run, and their first two components."""

    codes: Floats
    plane: Floats


def can_map(run: Subject) -> bool:
    """Whether it has codes."""
    return run.has(Encodes, InfersLatents)


@remember(8)
def codes(run: Subject) -> Codes:
    """Of the test examples."""
    found = _codes(run, cached.examples(run).batch().x)
    return Codes(found, _projected(found, found))


@remember(8)
def path(run: Subject, fault: str, place: int, sky: str, share: float) -> Codes:
    """Of the readings of a stream."""
    known = codes(run)
    found = _codes(run, watched(run, fault, place, sky, share).x)
    return Codes(found, _projected(known.codes, found))


def _projected(known: Floats, found: Floats) -> Floats:
    if known.shape[1] == 1:
        return np.concatenate([found, np.zeros_like(found)], 1)
    return pca(known, 2).project(found)


@torch.no_grad()
def _codes(run: Subject, x: Tensor) -> Floats:
    model = cached.model(run)
    if isinstance(model, InfersLatents):
        return floats(model.infer(x)[model.layers[0].name].mean)
    assert isinstance(model, Encodes)
    return floats(model.encode(x))


def step(run: Subject) -> str:
    """What one reading is called."""
    return "minute" if is_plant(run) else "reading"


def clock(run: Subject, minutes: Sequence[int]) -> list[str]:
    """What the times of readings are called."""
    return [f"{m // 60}:{m % 60:02}" if is_plant(run) else f"{m:,}" for m in minutes]
