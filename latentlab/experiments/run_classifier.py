"""What a classifier predicts of more examples than a page classifies at once: for the background process."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from latentlab.analysis.classification.predictions import Predictions, predict, predict_under
from latentlab.analysis.classification.preprocessing import offered
from latentlab.analysis.latent.support import Classify, classify_by
from latentlab.data import load
from latentlab.data.partial_labels import labelled_part
from latentlab.models import Classifies
from latentlab.subjects import Subject

SEED = 0


def classify_of(run: Subject) -> Classify:
    """The classifier of a subject, without gradients.

    Raises:
        RunError: its model can't be had.
    """
    return classify_by(cast("Classifies", run.model()))


def of_test_set(run: Subject, progress: Callable[[float], None]) -> Predictions:
    """Of all labelled test examples of the data set that it was trained on.

    Raises:
        RunError: its model can't be had.
        DataError: its data can't be had.
        ValueError: none of them has a label.
    """
    data = labelled_part(load(run.dataset).test)
    return predict(classify_of(run), data.x, data.y.numpy(), progress)


def under_each(run: Subject, progress: Callable[[float], None]) -> tuple[Predictions, ...]:
    """Of the labelled examples that it is looked at with, after each way to change such examples.

    Raises:
        RunError: its model or its examples can't be had.
        ValueError: none of them has a label.
    """
    data, ways = labelled_part(run.examples()), offered(run.spec.kind)
    return predict_under(classify_of(run), data.batch().x, data.y.numpy(), ways, SEED, progress)
