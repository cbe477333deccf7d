"""A model learns classes that it didn't know: its data with readings that were labelled, and the training on them.

The loop of Maaløe (2018), Fig. 6.1: what a model of known conditions finds strange is looked at by a person, gets a
name, and is learned with the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.analysis.monitoring.windows import window
from latentlab.data import UNLABELLED, DataError, Dataset, LabelUse, Library, Splits, hide_labels, load
from latentlab.data.files.read import Opened
from latentlab.data.files.splitting import Rows
from latentlab.data.files.tables.roles import MAX_CLASSES
from latentlab.experiments.monitoring.conditions import KNOBS, SDGM, TRAINING
from latentlab.jobs import queue
from latentlab.runs import labelled
from latentlab.runs.labelled import Labelled
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import RunError

NORMAL = "normal"  # the class of data that have none
LEAST = 30  # labels of a class, if it has as many readings: few, next to many without one, are enough
SHARES = (0.8, 0.9)  # of a piece: where its part for validation begins, and that for the test
Index = NDArray[np.int64]


def with_new_classes(run: Run, splits: Splits, pieces: Sequence[Labelled]) -> Splits:
    """The data of a run in the user's units, with labelled readings and their classes.

    Labels that were hidden from the run stay hidden. Of a new class as many readings keep their label as a known class
    has labels on average, and no fewer than `LEAST`; the others are learned from without. The first eight tenths of a
    piece are for training, one for validation, one for the test; no window is in one part with a reading of another.

    Args:
        run: that was trained on the data.
        splits: the data, as models see them.
        pieces: what was labelled.

    Raises:
        DataError: too many classes, or the readings aren't those of its sensors.
    """
    known = splits.train.classes or (NORMAL,)
    classes = (*known, *dict.fromkeys(one.name for one in pieces if one.name not in known))
    if len(classes) > MAX_CLASSES:
        raise DataError(f"{len(classes):,} classes are more than {MAX_CLASSES:,}.")
    if any(one.readings.shape[1:] != run.shape for one in pieces):
        raise DataError("The readings that were labelled aren't those of its sensors.")
    train, n = splits.train, int(run.train.get("labels", 0))
    if n:
        train = hide_labels(train, n, int(run.train["seed"]), bool(run.train.get("diverse_labels", False)))
    n_new = sum(len(one.readings) for one in pieces)
    n_kept = max(LEAST, n // len(known)) if n else n_new
    parts = []
    for k, part in enumerate((train, splits.valid, splits.test)):
        mine = part if splits.train.classes else _as_normal(part, n_kept if k == 0 else len(part))
        x = part.x if part.scale is None else part.scale.back(part.x)
        rows, y = _of_part(pieces, classes, k, max(0, window(run.spec) - 1))
        labels = _few(y, n_kept) if k == 0 else y
        joined = torch.cat([x, torch.from_numpy(rows).float()])
        parts.append(
            Dataset(part.name, joined, torch.cat([mine.y, torch.from_numpy(labels)]), classes, part.kind, part.names)
        )
    return Splits(*parts)


def _as_normal(part: Dataset, n: int) -> Dataset:
    """With the label "normal" for n examples, which lie at even distances."""
    y = torch.full_like(part.y, UNLABELLED)
    y[torch.linspace(0, len(part) - 1, min(n, len(part))).long()] = 0
    return replace(part, y=y)


def _of_part(
    pieces: Sequence[Labelled], classes: Sequence[str], part: int, gap: int
) -> tuple[NDArray[np.float64], Index]:
    """The readings of all pieces that belong to a part, and their classes; so many at its start are in no part."""
    x, y = [np.zeros((0, *pieces[0].readings.shape[1:]))], [np.zeros(0, np.int64)]
    for one in pieces:
        ends = [0, *(round(share * len(one.readings)) for share in SHARES), len(one.readings)]
        mine = one.readings[ends[part] + (gap if part else 0) : ends[part + 1]]
        x.append(mine)
        y.append(np.full(len(mine), classes.index(one.name)))
    return np.concatenate(x), np.concatenate(y)


def _few(y: Index, n: int) -> Index:
    """The labels of n examples of each class at even distances, the others hidden."""
    out = np.full_like(y, UNLABELLED)
    for k in np.unique(y):
        mine = np.flatnonzero(y == k)
        kept = mine[np.linspace(0, len(mine) - 1, min(n, len(mine))).astype(np.int64)]
        out[kept] = k
    return out


def train_with_labels(store: Store, library: Library, run_id: str) -> str:
    """Save the data of a run with what was labelled, and queue a training on them; returns its id.

    A run of a model with classes is trained again as it was; of any other an SDGM learns.

    Raises:
        RunError, DataError: nothing was labelled, or the data aren't here or can't be kept.
    """
    run, pieces = store.read(run_id), labelled.read(store, run_id).pieces
    if not pieces:
        raise RunError("No readings are labelled yet.")
    before = load(run.dataset)
    if (before.train.shape, before.train.classes) != (run.shape, run.classes):
        raise DataError(f"The data set {run.dataset} isn't the one that this run was trained on.")
    found = with_new_classes(run, before, pieces)
    ends = np.cumsum([0, *map(len, found)])
    rows = Rows(*(np.arange(*pair, dtype=np.int64) for pair in pairwise(ends)))
    names = ", ".join(dict.fromkeys(one.name for one in pieces))
    said = (f"The data set {run.dataset} with {sum(len(one.readings) for one in pieces):,} readings of: {names}.",)
    opened = Opened(found, rows, said, {}, run.columns, scale=before.train.scale)
    name = library.save(opened, f"{run.dataset} and labelled readings", f"{run.dataset}-labelled")
    config, train = _settings(run)
    training = queue.submit(
        store, run.model if _knows(run) else SDGM, name, config, train, f"{run.title}, {names}"[:80]
    )
    labelled.given_to(store, run_id, training)
    return training


def _knows(run: Run) -> bool:
    return run.kind.labels is LabelUse.OPTIONAL


def _settings(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """Knobs of the model and of the training; the weight of the classification follows from the labels there are."""
    if not _knows(run):
        return dict(KNOBS), {**TRAINING, "seed": run.train["seed"]}
    return {name: value for name, value in run.config.items() if name != "alpha"}, {**run.train, "labels": 0}
