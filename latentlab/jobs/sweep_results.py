"""What the trainings of a sweep have come to: held-out scores and curves of all, test scores of one setting."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.jobs.sweep import Sweep
from latentlab.knobs import Value
from latentlab.models import LOSS, MODELS, Model
from latentlab.runs.store import Store
from latentlab.serialization import RunError

HIGHER = ("bound", "log-likelihood", "log p(x)")  # the last words of what is better the higher it is
LOWER = ("error", "cross-entropy", "energy distance")  # and the lower


class Measure(NamedTuple):
    """A number that settings are compared by."""

    term: str
    unit: str
    higher_is_better: bool


@dataclass(frozen=True, eq=False)
class Trained:
    """The trainings of a sweep as arrays of S settings, R seeds and E epochs.

    Attributes:
        measure: what the numbers are.
        settings: (S) the knobs that were varied.
        seeds: (R,).
        scores: (S, R) on the validation split at the end of a training; NaN where it hasn't ended.
        curves: (S, R, E) on the validation split after each epoch; NaN where there is no such epoch (yet).
    """

    measure: Measure
    settings: Sequence[Mapping[str, Value]]
    seeds: Sequence[int]
    scores: Doubles
    curves: Doubles


def measures(kind: type[Model]) -> tuple[Measure, ...]:
    """What settings of a model can be compared by, the best suited one first.

    The loss comes last: a knob that changes it, such as β, makes losses that can't be compared.
    """
    units = {**kind.units, **kind.set_units}
    found = [
        Measure(term, unit, term.endswith(HIGHER)) for term, unit in units.items() if term.endswith(HIGHER + LOWER)
    ]
    headline = kind.headline
    if headline.term == LOSS:
        return (*found, Measure(LOSS, "nats" if "nats" in units.values() else "", False))
    return tuple(sorted(found, key=lambda one: one.term != headline.term))


def chosen_measure(kind: type[Model], term: str | None = None) -> Measure:
    """What settings are compared by.

    Args:
        kind: of the model.
        term: its name; None for the best suited one.

    Raises:
        RunError: it isn't one of `measures`.
    """
    known = {one.term: one for one in measures(kind)}
    if term is None:
        return next(iter(known.values()))
    if term not in known:
        raise RunError(f"Settings of {kind.name} can't be compared by {term[:40]!r}, but by {', '.join(known)}.")
    return known[term]


def trained(store: Store, sweep: Sweep, measure: Measure) -> Trained:
    """What is there of a sweep now."""
    curves, ends = list[list[float]](), list[float]()
    for place, run_id in enumerate(sweep.runs):
        rows = [row for row in store.history(run_id) if f"valid_{measure.term}" in row]
        curves.append([row[f"valid_{measure.term}"] for row in rows])
        done = bool(rows) and (store.folder(run_id) / "run.json").exists()
        kept = _kept(rows, sweep, place) if done else {}
        ends.append(kept.get(f"valid_{measure.term}", math.nan))
    shape = len(sweep.settings), len(sweep.seeds)
    return Trained(measure, sweep.settings, sweep.seeds, np.reshape(ends, shape), padded(curves).reshape(*shape, -1))


def padded(curves: Sequence[Sequence[float]]) -> Doubles:
    """(N, E) of curves of at most E epochs, NaN where one has ended."""
    out: Doubles = np.full((len(curves), max(map(len, curves), default=0)), np.nan)
    for k, values in enumerate(curves):
        out[k, : len(values)] = values
    return out


def scores_on_test(store: Store, sweep: Sweep, setting: int, measure: Measure) -> list[float]:
    """(R) on the test split: of one setting, since whoever looks at the others chooses by it.

    Raises:
        RunError: one of its trainings isn't done.
    """
    n = len(sweep.seeds)
    runs = sweep.runs[setting * n : (setting + 1) * n]
    return [store.read(run_id).metrics.get(measure.term, math.nan) for run_id in runs]


def _kept(rows: Sequence[Mapping[str, float]], sweep: Sweep, place: int) -> Mapping[str, float]:
    """The report of the parameters that were kept: of the best epoch with patience, else of the last one."""
    headline = MODELS[sweep.model].headline
    term = f"valid_{headline.term}"
    if not sweep.job(place, "").train.get("patience") or any(term not in row for row in rows):
        return rows[-1]
    return min(rows, key=lambda row: headline.improvement({headline.term: row[term]}))
