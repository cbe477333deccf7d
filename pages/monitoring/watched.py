"""What the page watches: streams of a source, their scores by a run, and what the background process counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from torch import Tensor

from latentlab.analysis.activations import encode_all, encoder_of
from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.monitoring.scores import Expected
from latentlab.analysis.monitoring.windows import are_whole, newest, window
from latentlab.data import DataError, Kind
from latentlab.data.builtin.photovoltaic.plant import SENSORS
from latentlab.data.files.readings.of_sensors import Readings, read_readings
from latentlab.experiments.monitoring.of_run import AllFaults, NormalScores, find_faults, scored
from latentlab.experiments.monitoring.streams import PlantDays, Source, Stream, TableRows
from latentlab.figures.monitoring.stream import Axis
from latentlab.jobs.background import report
from latentlab.models import Encodes, InfersLatents
from latentlab.subjects import StoredRun, Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember

MINUTE = 60  # seconds


@dataclass(frozen=True, eq=False)
class Watched:
    """A stream as a model takes it; what is expected is that of each reading, not of those before it.

    Attributes:
        stream: its readings.
        x: (T, *shape) as the model sees them.
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
        found: Doubles = self.expected.apart(self.newest)[at]
        return found

    @property
    def newest(self) -> Doubles:
        """(T, D): the readings alone, as the model sees them."""
        x = self.x.double().numpy()
        return x[:, -1] if x.ndim == 3 else x


@dataclass(frozen=True)
class Simulated:
    """A stream of the run's source with a fault; see `Source.stream`."""

    fault: str
    place: int
    sky: str
    share: float


@dataclass(frozen=True, eq=False)
class Own:
    """A file with readings of the user's own.

    Attributes:
        name: of the file.
        content: of the file.
        key: no other file has it.
    """

    name: str
    content: bytes
    key: str


Chosen = Simulated | Own


def is_plant(run: Subject) -> bool:
    """Whether its sensors are those of the simulated plant, so that more readings can be had."""
    return run.spec.kind in (Kind.VECTOR, Kind.SEQUENCE) and run.spec.names == SENSORS


def names(run: Subject) -> tuple[str, ...]:
    """Of the sensors."""
    return run.spec.names or tuple(f"x{k + 1}" for k in range(run.spec.shape[-1]))


@remember(8)
def source(run: Subject) -> Source:
    """Where its streams come from: the simulated plant, else the test examples saved with it."""
    if is_plant(run):
        return PlantDays(window=window(run.spec))
    known = cached.examples(run)
    x = known.batch().x
    return TableRows((known.scale.back(x) if known.scale else x).double().numpy(), names(run))


@remember(8)
def normal_scores(run: Subject) -> NormalScores:
    """Its scores of normal readings."""
    return NormalScores.of(cached.model(run), source(run), cached.examples(run).scale)


@remember(8)
def normal_readings(run: Subject) -> Doubles:
    """(N, D) of its source, in the user's units."""
    return newest(np.concatenate([*source(run).normal(0), *source(run).normal(1)]), window(run.spec))


@remember(8)
def readings(run: Subject, own: Own) -> Readings:
    """The readings of a file by the sensors of a run.

    Raises:
        DataError: as `read_readings`, or no window of the run is whole.
    """
    found, n = read_readings(own.name, own.content, names(run)), window(run.spec)
    if not are_whole(Stream.of(found.numbers, found.times, n).readings).any():
        raise DataError(f"This run scores {n} readings at a time, and no {n} of them follow each other without a gap.")
    return found


@remember(32, "Scoring the readings …")
def watched(run: Subject, chosen: Chosen) -> Watched:
    """A stream with its scores; NaN, as what is expected, where a reading isn't whole.

    Raises:
        DataError: as `readings`.
    """
    model, scale = cached.model(run), cached.examples(run).scale
    stream = _stream(run, chosen)
    return Watched(stream, *scored(model, stream.readings, scale, normal_scores(run).usual))


def _stream(run: Subject, chosen: Chosen) -> Stream:
    if isinstance(chosen, Own):
        found = readings(run, chosen)
        return Stream.of(found.numbers, found.times, window(run.spec))
    return source(run).stream(chosen.fault, chosen.place, chosen.sky, chosen.share)


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
    found = encode_all(encoder_of(cached.model(run)), cached.examples(run).batch().x)
    return Codes(found, _projected(found, found))


@remember(8)
def path(run: Subject, chosen: Chosen) -> Codes:
    """Of the readings of a stream; NaN where one isn't whole."""
    known = codes(run)
    found = encode_all(encoder_of(cached.model(run)), watched(run, chosen).x)
    return Codes(found, _projected(known.codes, found))


def _projected(known: Floats, found: Floats) -> Floats:
    if known.shape[1] == 1:
        return np.concatenate([found, np.zeros_like(found)], 1)
    return pca(known, 2).project(found)


def step(run: Subject) -> str:
    """What one reading is called."""
    return "minute" if is_plant(run) else "reading"


def axis_of(stream: Stream) -> tuple[Axis, Doubles | Labels]:
    """What a stream is drawn over, and where each reading lies on it."""
    if stream.times is not None:
        return Axis.DATES, stream.times
    return (Axis.DAY if stream.is_day else Axis.ROWS), stream.minute


def clock(stream: Stream, at: Iterable[int]) -> list[str]:
    """What the times of some readings are called."""
    if stream.times is not None:
        first, last = (np.datetime64(round(end), "s") for end in stream.times[[0, -1]])
        is_fine = bool((np.diff(stream.times) % MINUTE != 0).any())
        start = 11 if str(first)[:10] == str(last)[:10] else 0
        end = 19 if is_fine else 16
        stamps = np.array(np.round(stream.times), "int64").astype("datetime64[s]").astype(str)
        return [str(stamps[k])[start:end].replace("T", " ") for k in at]
    return [f"{m // 60}:{m % 60:02}" if stream.is_day else f"{m:,}" for m in (int(stream.minute[k]) for k in at)]
