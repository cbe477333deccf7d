"""The card of the page: the examples that a classifier finds hardest."""

from __future__ import annotations

import numpy as np

from latentlab.models import Classifies
from latentlab.subjects import Subject
from pages.classifier.predicted import of_saved
from pages.navigation import Card
from pages.shared.classifier import independent_classifier_run
from pages.shared.conditional import labelled
from pages.shared.thumbnail import COLUMNS, ROWS, thumbnail


def card(run: Subject) -> Card | None:
    """Of the chosen run, or of the classifier of its classes: those whose own class is the least probable."""
    found = run if run.has(Classifies) else independent_classifier_run(run)
    if found is None or not len(labelled(found)):
        return None
    shown = of_saved(found)
    own = shown.found.log_probs[np.arange(len(shown.data)), shown.found.y]
    hardest = np.argsort(own, kind="stable")[: ROWS * COLUMNS]
    return Card(thumbnail(found, shown.x(hardest.tolist()).numpy()), found)
