"""What the page caches of a classifier: its predictions, and what the background process measures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from latentlab.analysis.classification.occlusion import Occlusion, background, occlusion
from latentlab.analysis.classification.predictions import Predictions, predict
from latentlab.analysis.classification.preprocessing import Preprocessing
from latentlab.analysis.latent.support import Classify, classify_by
from latentlab.data import Dataset
from latentlab.data.partial_labels import labelled_part
from latentlab.device import generator
from latentlab.experiments import run_classifier
from latentlab.jobs.background import report
from latentlab.models import Classifies
from latentlab.subjects import StoredRun, Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.conditional import labelled
from pages.shared.remember import remember


@dataclass(frozen=True, eq=False)
class Shown:
    """Labelled test examples, and what is predicted of them."""

    data: Dataset
    found: Predictions

    def x(self, ids: list[int]) -> Tensor:
        """(n, *shape) of some of them, as models see them."""
        return self.data[torch.tensor(ids, dtype=torch.int64)].batch().x


def classify(run: Subject) -> Classify:
    """(B, *shape) -> (B, K) log-probabilities, without gradients."""
    model = cached.model(run)
    if not isinstance(model, Classifies):
        raise TypeError(f"{run.title} doesn't classify.")
    return classify_by(model)


@remember(16, "Classifying the test examples …")
def of_saved(run: Subject) -> Shown:
    """Of the test examples saved with a run, at least one of which has a label."""
    data = labelled(run)
    return Shown(data, predict(classify(run), data.x, data.y.numpy()))


def has_more(run: Subject) -> bool:
    """Whether all test examples of its data can be had."""
    return isinstance(run, StoredRun) and cached.has_data(run)


def of_all(run: Subject) -> Task[Predictions]:
    """Of all test examples of its data, by the background process."""
    return run_task(f"classified {run.key}", partial(run_classifier.of_test_set, run, progress=report))


@remember(2)
def test_examples(dataset: str) -> Dataset:
    """All labelled test examples of a data set."""
    return labelled_part(cached.splits(dataset).test)


def under_each(run: Subject) -> Task[tuple[Predictions, ...]]:
    """Of the examples saved with a run after each way to change them, by the background process."""
    return run_task(f"preprocessed {run.key}", partial(run_classifier.under_each, run, progress=report))


def changed(run: Subject, way: Preprocessing, ids: list[int]) -> Tensor:
    """(n, *shape): some of the examples saved with a run, changed as when they were measured."""
    return way.apply(labelled(run).batch().x, generator(run_classifier.SEED))[ids]


@remember(32)
def hidden(run: Subject, index: int, k: int, patch: int) -> Occlusion:
    """How the probability of class k changes as patches of an example saved with a run are hidden."""
    x = labelled(run)[index : index + 1].batch().x[0]
    return occlusion(classify(run), x, k, patch, max(1, patch // 3), background(x))
