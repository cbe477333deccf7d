"""What a page requests of importance sampling: the longest gradients of a run, and trainings made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.data import DataError, Dataset, is_local, labelled_part, load, names
from latentlab.experiments.importance.training import SEEDS, ImportanceScore, Setting, Training, mean_gradient
from latentlab.models import Classifies, Trains
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.training.importance.worker import CHUNK, gradient_norms

MOST = 10_000  # training examples whose gradients are measured
LIVE = Setting(hidden=64, steps=600, every=50)


@dataclass(frozen=True, eq=False)
class Heaviness:
    """The gradients of a network's examples.

    Attributes:
        norms: (N,) their lengths.
        given: (N,) the labels that they have.
        predicted: (N,) what the network says; -1 where that isn't known.
        mean_norm: |g| of their mean.
        wrong: (n,) rows of planted wrong labels.
    """

    norms: Doubles
    given: Labels
    predicted: Labels
    mean_norm: float
    wrong: Labels


@dataclass(frozen=True, eq=False)
class Live:
    """Trainings by both methods with each seed, and what the last by importance drew."""

    scores: tuple[ImportanceScore, ...]
    drawn: Labels
    heaviness: Heaviness


def examples_of(store: Store, run: Run) -> tuple[Dataset, bool]:
    """The labelled examples of a run that are measured, and whether they are of its training split."""
    if run.dataset in names() and is_local(run.dataset):
        try:
            return labelled_part(load(run.dataset).train)[:MOST], True
        except DataError:  # they aren't those of the training any more
            pass
    return labelled_part(store.examples(run.id))[:MOST], False


def check(run: Run) -> None:
    """Refuse a run whose examples have no gradient each.

    Raises:
        ValueError: it was fitted, or has several players; in one sentence.
    """
    if not issubclass(run.kind, Trains) or len(run.kind.players) > 1:
        raise ValueError(
            f"“{run.kind.title}” has no one loss that is trained by gradients, so none of its examples has one."
        )


def heaviness(root: Path, shipped: Path, run_id: str, progress: Callable[[float], None]) -> Heaviness:
    """The lengths of the gradients of a run's labelled examples.

    Args:
        root, shipped: the folders of the store.
        run_id: of the run.
        progress: is given the share that is done.

    Raises:
        RunError: the run can't be read.
        ValueError: as `check`, or nothing is labelled.
        TrainingError: the loss is none of single examples, or a gradient isn't finite.
    """
    store = Store(root, shipped)
    run = store.read(run_id)
    check(run)
    model, (data, _) = store.load(run_id), examples_of(store, run)
    assert isinstance(model, Trains)
    if not len(data):
        raise ValueError("None of its examples has a label.")
    norms = []
    for part in gradient_norms(model, data):
        norms.append(part.numpy())
        progress(min(1.0, len(norms) * CHUNK / len(data)))
    predicted = np.full(len(data), -1)
    if isinstance(model, Classifies):
        with torch.no_grad():
            predicted = np.concatenate(
                [model.classify(data.batch(rows).x).argmax(1).numpy() for rows in torch.arange(len(data)).split(CHUNK)]
            )
    return Heaviness(
        np.concatenate(norms), data.y.numpy(), predicted, mean_gradient(model, data), np.zeros(0, np.int64)
    )


def live(setting: Setting, progress: Callable[[float], None]) -> Live:
    """Train by both methods with each seed.

    Raises:
        TrainingError: the loss isn't finite.
    """
    scores = list[ImportanceScore]()
    whole = len(setting.methods) * len(SEEDS) * (1 + setting.steps // setting.every)
    last: Training | None = None
    for method in reversed(setting.methods):
        for seed in SEEDS:
            last = Training("live", setting, method, seed)
            for score in last.scores():
                scores.append(replace(score, seconds=0.0))
                progress(len(scores) / whole)
    assert last is not None
    unknown = np.full(len(last.data), -1)
    found = Heaviness(last.norms, last.data.y.numpy(), unknown, 0.0, last.wrong)
    return Live(tuple(scores), last.drawn, found)
