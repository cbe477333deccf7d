"""The latent space of a training, and the plane where its data are points of one: as it goes, and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from latentlab.analysis.conditional.decision_surface import Decision
from latentlab.analysis.preview import Preview
from latentlab.data import DataError, Dataset, class_names, hide_labels, is_local, labelled_part, load
from latentlab.figures.conditional.decision_surface import decision_surface, latent_space
from latentlab.jobs.job import Job
from latentlab.models import MODELS, Auxiliary, Conditional, Model
from latentlab.runs.run import Run
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember


class Subject(NamedTuple):
    """What is trained, as far as its pictures need it."""

    kind: type[Model]
    dataset: str
    classes: tuple[str, ...]
    train: Mapping[str, Any]


def of_job(job: Job) -> Subject:
    """The subject of a training; without classes where its data are gone."""
    try:
        classes = class_names(job.dataset)
    except DataError:
        classes = ()
    return Subject(MODELS[job.model], job.dataset, classes, job.train)


def of_run(run: Run) -> Subject:
    """The subject of a run."""
    return Subject(run.kind, run.dataset, run.classes, run.train)


def draw_codes(subject: Subject, preview: Preview) -> None:
    """Held-out examples in the latent space, by class, and what it is that is drawn."""
    codes, y = preview.codes, preview.code_labels
    if codes is None or y is None or y.max() >= len(subject.classes):
        return
    letter, what = _variable(subject.kind)
    if preview.shares is not None:
        dims, names = f"its first two principal components ({preview.shares.sum():.0%} of its variance)", ("", "")
    elif codes.shape[1] == 2:
        dims, names = "its two dimensions", (f"{letter}1", f"{letter}2")
    else:
        dims, names = "its one dimension, with a row for each class", (letter, "")
    st.caption(f"{letter}, {what}: {dims}; {len(codes)} held-out examples")
    drawn = latent_space(codes, y, subject.classes, names, look())
    figure(drawn, "Held-out examples in the latent space, by class", "latent-space")


def draw_surface(subject: Subject, preview: Preview) -> None:
    """The decision surface of the plane, with held-out examples and the labelled examples."""
    if preview.surface is None or preview.box is None or preview.points is None or preview.point_labels is None:
        return
    if len(subject.classes) != preview.surface.shape[2]:
        return
    left, right, low, high = map(float, preview.box)
    columns, rows = (
        np.linspace(*ends, len(preview.surface), dtype=np.float32) for ends in ((left, right), (low, high))
    )
    found, y = Decision(columns, rows, preview.surface), preview.point_labels
    few = known_labels(subject.dataset, subject.train)
    x, labels = (few.x.numpy(), few.y.numpy()) if few is not None else (preview.points[:0], y[:0])
    st.caption(
        "p(class | point): the colour of the most probable class, faint where it is uncertain"
        + (f"; large marks are the {len(labels)} labelled examples" if len(labels) else "")
    )
    drawn = decision_surface(found, preview.points, y, x, labels, subject.classes, look())
    figure(drawn, "The decision surface of the plane", "surface")


def known_labels(dataset: str, train: Mapping[str, Any]) -> Dataset | None:
    """The training examples whose label a model was given, by its training's knobs; None: all, or unknown."""
    n, seed, diverse = (train.get(name, 0) for name in ("labels", "seed", "diverse_labels"))
    return _known_labels(dataset, int(n), int(seed), bool(diverse)) if n and is_local(dataset) else None


@remember(32)
def _known_labels(dataset: str, n: int, seed: int, diverse: bool) -> Dataset | None:
    try:
        return labelled_part(hide_labels(load(dataset).train, n, seed, diverse))
    except DataError:
        return None


def _variable(kind: type[Model]) -> tuple[str, str]:
    if issubclass(kind, Auxiliary):
        return "a", "the auxiliary variable"
    return "z", "what the class leaves open" if issubclass(kind, Conditional) else "the code"
