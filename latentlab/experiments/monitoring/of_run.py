"""What a page requests of monitoring: scores of normal readings, and which faults a run finds next to baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.latent.support import classify_by
from latentlab.analysis.monitoring.alarms import Rule, alarms, delay
from latentlab.analysis.monitoring.baselines import BASELINES
from latentlab.analysis.monitoring.scores import DRAWS, Expected, expected, scores, usual_error
from latentlab.analysis.monitoring.thresholds import Threshold, at_rate, auroc
from latentlab.analysis.monitoring.windows import Windows, are_whole, newest
from latentlab.analysis.stats import Proportion, proportion
from latentlab.data import Dataset
from latentlab.data.builtin.photovoltaic.plant import FACTORS
from latentlab.data.library.scaling import Scale
from latentlab.device import generator
from latentlab.experiments.monitoring.streams import SKY, Source
from latentlab.models import Classifies, Model
from latentlab.runs.store import Store

LEAST, GAP = 3, 10  # readings above the threshold that make an alarm, and others that don't end it
RATE = 0.01  # of false alarms, at which faults are counted as found
PLACES = (55, 75, 95)  # where the streams begin on which faults are counted
BEYOND = 1e30  # the score of a reading so far off that the model has no number for it
SHARE = 0.4  # of such a stream that is normal
STRETCHES = 20  # of a period, in place of its days: neighbours resemble each other


def to_model(readings: Doubles, scale: Scale | None) -> Tensor:
    """(N, *shape) in the user's units -> as a model sees them."""
    x = torch.from_numpy(readings).float()
    return x if scale is None else scale.to_unit(x)


def to_user(values: Doubles, scale: Scale | None) -> Doubles:
    """(N, *shape) as a model sees them -> in the user's units, in float64."""
    return values if scale is None else scale.low + scale.span * values


class Scored(NamedTuple):
    """T examples with their scores; NaN, as what is expected, where one isn't whole.

    Attributes:
        x: (T, *shape) as the model sees them.
        scores: (T,).
        expected: what the model expected of each reading, not of those before it in a window, as it sees it.
        mean: (T, D) the same in the user's units.
    """

    x: Tensor
    scores: Doubles
    expected: Expected
    mean: Doubles


def scored(model: Model, readings: Doubles, scale: Scale | None, usual: Doubles) -> Scored:
    """Of readings (T, D), or windows (T, n, D), in the user's units; see `expected` for the others."""
    x, n = to_model(readings, scale), readings.shape[1] if readings.ndim == 3 else 0
    whole = are_whole(readings)
    some = x[torch.from_numpy(whole)]
    found = expected(model, some, DRAWS, generator(1), usual)
    mean = newest(to_user(found.mean.reshape(some.shape), scale), n)
    known = Expected(*(_apart(newest(values, n), whole) for values in (found.mean, found.std, found.nats)))
    return Scored(x, _apart(finite_scores(model, some, DRAWS, generator(0)), whole), known, _apart(mean, whole))


def finite_scores(model: Model, x: Tensor, n: int, rng: torch.Generator) -> Doubles:
    """As `scores`, and `BEYOND` of what is so far off that the model has no number for it."""
    return np.nan_to_num(scores(model, x, n, rng), nan=BEYOND, posinf=BEYOND)


def classes_of(model: Classifies, x: Tensor, whole: NDArray[np.bool_]) -> Labels:
    """(T,) the most probable class of examples (T, *shape); -1 of one that isn't whole."""
    out = np.full(len(x), -1)
    out[whole] = classify_by(model)(x[torch.from_numpy(whole)]).argmax(1).numpy()
    return out


def _apart(values: Doubles, whole: NDArray[np.bool_]) -> Doubles:
    """(n, ...) of the n whole ones of T -> (T, ...), NaN for the others."""
    out = np.full((len(whole), *values.shape[1:]), np.nan)
    out[whole] = values
    return out


def expected_of(
    model: Model, readings: Doubles, scale: Scale | None, n: int, rng: torch.Generator, usual: Doubles, of_windows: int
) -> Doubles:
    """(N, D) readings that follow each other -> (N, D) what a model expected instead, in the user's units.

    NaN where a reading isn't whole, or the window that ends with it.

    Args:
        model: one that reconstructs.
        readings: in the user's units.
        scale: to what the model sees.
        n: draws.
        rng: of them.
        usual: as in `expected`.
        of_windows: readings of the model's windows; 0 where it takes each alone.
    """
    examples, out = Windows(of_windows).take(readings), np.full_like(readings, np.nan)
    whole = are_whole(examples)
    found = expected(model, to_model(examples[whole], scale), n, rng, usual)
    out[whole] = newest(to_user(found.mean.reshape(examples[whole].shape), scale), of_windows)
    return out


@dataclass(frozen=True, eq=False)
class NormalScores:
    """What is known of a model's scores of normal readings.

    Attributes:
        scores: (N,) of those that thresholds are taken from.
        days: (N,) the day of each of them.
        others: (M,) of those on which false alarms are counted.
        groups: (M,) the day of each of the others.
        usual: (D,) of an example's values: how far each usually is from what the model expects, as it sees them.
    """

    scores: Doubles
    days: Labels
    others: Doubles
    groups: Labels
    usual: Doubles

    @classmethod
    def of(cls, model: Model, source: Source, scale: Scale | None) -> NormalScores:
        """Of normal readings of a source."""
        rng, (first, second) = generator(0), (source.normal(part) for part in (0, 1))
        x, y = (to_model(np.concatenate(days), scale) for days in (first, second))
        own, held = scores(model, x, DRAWS, rng), scores(model, y, DRAWS, rng)
        return cls(own, _days(first), held, _days(second), usual_error(model, x, 1, rng))

    def by(self, found: Doubles) -> NormalScores:
        """The same with thresholds from other scores (T,), NaN where there is none, of readings that are normal."""
        known = found[np.isfinite(found)]
        every = np.concatenate([self.scores, self.others])
        stretches = np.arange(len(known)) * STRETCHES // max(1, len(known))
        return NormalScores(known, stretches, every, np.arange(len(every)), self.usual)

    def at_rate(self, rate: float) -> Threshold:
        """The threshold that promises a rate of false alarms on other days.

        Raises:
            ValueError: there are too few readings for so low a rate.
        """
        return at_rate(self.scores, rate, self.days)

    def false_alarms(self, threshold: float) -> Proportion:
        """How many of the other normal readings are above a threshold; those of a day resemble each other."""
        return proportion(self.others > threshold, self.groups if self.groups.max(initial=0) else None)


@dataclass(frozen=True, eq=False)
class Found:
    """How well one fault is found.

    Attributes:
        fault: its name.
        auroc: detector -> AUROC of readings with the fault against the same readings without it.
        found: the share of the readings with the fault that the run scores above its threshold.
        delays: of the run, in readings, on each stream; None where no alarm was raised.
    """

    fault: str
    auroc: dict[str, float]
    found: float
    delays: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class AllFaults:
    """All faults of a source, found or not.

    Attributes:
        faults: each of them.
        faulty: (N,) the run's scores of all readings with a fault.
    """

    faults: tuple[Found, ...]
    faulty: Doubles


def find_faults(
    root: Path, shipped: Path, run_id: str, source: Source, own: str, progress: Callable[[float], None]
) -> AllFaults:
    """Look for every fault of a source with a run, and with the baselines fitted to the same normal readings.

    Args:
        root, shipped: the folders of the store.
        run_id: of the run.
        source: of the streams.
        own: what the run is called among the detectors.
        progress: is given the share that is done.

    Raises:
        RunError: the run can't be read.
    """
    store = Store(root, shipped)
    model, scale = store.load(run_id), store.examples(run_id).scale
    days = source.normal(0)
    fitted = to_model(np.concatenate(days), scale)
    detectors: dict[str, Callable[[Tensor], Doubles]] = {
        own: lambda x: scores(model, x, DRAWS, generator(0)),
        **{name: _of_arrays(fit(fitted.flatten(1).double().numpy(), 0)) for name, fit in BASELINES.items()},
    }
    threshold = at_rate(detectors[own](fitted), RATE, _days(days)).value
    rows = list[Found]()
    faulty = list[Doubles]()
    for fault in source.faults:
        streams = [source.stream(fault, place, sky, SHARE) for place, sky in zip(PLACES, SKY, strict=True)]
        after = [to_model(np.concatenate([s.readings[s.begin :] for s in streams]), scale)]
        after.append(to_model(np.concatenate([s.normal[s.begin :] for s in streams]), scale))
        both = {name: [score(x) for x in after] for name, score in detectors.items()}
        with_fault = both[own][0]
        rows.append(
            Found(
                fault, {name: auroc(clean, wrong) for name, (wrong, clean) in both.items()},
                float((with_fault > threshold).mean()),
                _delays(with_fault, [len(s.readings) - s.begin for s in streams], threshold),
            )
        )  # fmt: skip
        faulty.append(with_fault)
        progress(len(rows) / len(source.faults))
    return AllFaults(tuple(rows), np.concatenate(faulty))


def day_of(examples: Dataset) -> Labels | None:
    """(N,) the day of each example, where the data set says so."""
    known = examples.factors
    return known.levels[:, known.names.index(FACTORS[0])].numpy() if known and FACTORS[0] in known.names else None


def _days(parts: Sequence[Doubles]) -> Labels:
    return np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _delays(found: Doubles, lengths: Sequence[int], threshold: float) -> tuple[int | None, ...]:
    parts = np.split(found, np.cumsum(lengths)[:-1])
    return tuple(delay(alarms(part, Rule(threshold, LEAST, GAP)), 0) for part in parts)


def _of_arrays(score: Callable[[Doubles], Doubles]) -> Callable[[Tensor], Doubles]:
    return lambda x: score(x.flatten(1).double().numpy())
