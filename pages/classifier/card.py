"""The card of the page: the examples that a classifier finds hardest, among the first ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.classification.predictions import predict
from latentlab.models import Classifies
from latentlab.subjects import Subject
from pages.classifier.predicted import classify
from pages.navigation import Card
from pages.shared.classifier import independent_classifier_run
from pages.shared.conditional import labelled
from pages.shared.remember import remember
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail

MOST = 2 * ROWS * COLUMNS  # that are classified for it


def card(run: Subject) -> Card | None:
    """Of the chosen run, or of the classifier of its classes."""
    found = run if run.has(Classifies) else independent_classifier_run(run)
    if found is None or not len(labelled(found)):
        return None
    return Card(thumbnail(found, hardest(found)), found)


@remember(32)
def hardest(run: Subject) -> NDArray[np.float32]:
    """Those whose own class is the least probable, the least first."""
    some = labelled(run)[:MOST].batch()
    found = predict(classify(run), some.x, some.y.numpy())
    own = found.log_probs[np.arange(len(found.y)), found.y]
    chosen: NDArray[np.float32] = some.x.numpy()[np.argsort(own, kind="stable")[: ROWS * COLUMNS]]
    return chosen
