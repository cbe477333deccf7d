"""What a page requests of monitoring: scores of normal readings, and which faults a run finds next to baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.monitoring.alarms import Rule, alarms, delay
from latentlab.analysis.monitoring.baselines import BASELINES
from latentlab.analysis.monitoring.scores import DRAWS, scores, usual_error
from latentlab.analysis.monitoring.thresholds import at_rate, auroc
from latentlab.analysis.stats import Proportion, proportion
from latentlab.data.library.scaling import Scale
from latentlab.device import generator
from latentlab.experiments.streams import SKY, Source
from latentlab.models import Model
from latentlab.runs.store import Store

LEAST, GAP = 3, 10  # readings above the threshold that make an alarm, and others that don't end it
RATE = 0.01  # of false alarms, at which faults are counted as found
PLACES = (55, 75, 95)  # where the streams begin on which faults are counted
SHARE = 0.4  # of such a stream that is normal


def to_model(readings: Doubles, scale: Scale | None) -> Tensor:
    """(N, D) in the user's units -> as a model sees them."""
    x = torch.from_numpy(readings).float()
    return x if scale is None else scale.to_unit(x)


def to_user(values: Doubles, scale: Scale | None) -> Doubles:
    """(N, D) as a model sees them -> in the user's units, in float64."""
    return values if scale is None else scale.low + scale.span * values


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is known of a model's scores of normal readings.

    Attributes:
        scores: (N,) of those that thresholds are taken from.
        others: (M,) of those on which false alarms are counted.
        groups: (M,) the day of each of the others.
        usual: (D,) how far values usually are from what the model expects, as it sees them.
    """

    scores: Doubles
    others: Doubles
    groups: Labels
    usual: Doubles

    @classmethod
    def of(cls, model: Model, source: Source, scale: Scale | None) -> Calibration:
        """Of normal readings of a source."""
        rng, (first, second) = generator(0), (source.normal(part) for part in (0, 1))
        x, y = (to_model(np.concatenate(days), scale) for days in (first, second))
        groups = np.repeat(np.arange(len(second)), [len(day) for day in second])
        return cls(scores(model, x, DRAWS, rng), scores(model, y, DRAWS, rng), groups, usual_error(model, x, 1, rng))

    def by(self, found: Doubles) -> Calibration:
        """The same with thresholds from other scores (T,), NaN where there is none, of readings that are normal."""
        known = found[np.isfinite(found)]
        every = np.concatenate([self.scores, self.others])
        return Calibration(known, every, np.arange(len(every)), self.usual)

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
    fitted = to_model(np.concatenate(source.normal(0)), scale)
    detectors: dict[str, Callable[[Tensor], Doubles]] = {
        own: lambda x: scores(model, x, DRAWS, generator(0)),
        **{name: _of_arrays(fit(fitted.double().numpy(), 0)) for name, fit in BASELINES.items()},
    }
    threshold = at_rate(detectors[own](fitted), RATE).value
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


def _delays(found: Doubles, lengths: Sequence[int], threshold: float) -> tuple[int | None, ...]:
    parts = np.split(found, np.cumsum(lengths)[:-1])
    return tuple(delay(alarms(part, Rule(threshold, LEAST, GAP)), 0) for part in parts)


def _of_arrays(score: Callable[[Doubles], Doubles]) -> Callable[[Tensor], Doubles]:
    return lambda x: score(x.double().numpy())
