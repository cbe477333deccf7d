"""What a run that knows classes makes of readings: the class of each, and how often it is right about test examples."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.arrays import Labels
from latentlab.analysis.classification.confusion import by_rows
from latentlab.analysis.classification.predictions import Predictions, predict
from latentlab.analysis.latent.support import classify_by
from latentlab.experiments.monitoring.of_run import classes_of
from latentlab.figures.classification.confusion import COUNTS, VIEWS, confusion_matrix
from latentlab.models import Classifies
from latentlab.subjects import Subject
from pages.monitoring.watched import Chosen, watched
from pages.navigation import CLASSIFIER
from pages.shared import cached
from pages.shared.conditional import labelled
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain


@remember(32)
def predicted(run: Subject, chosen: Chosen) -> Labels | None:
    """(T,) the class of each reading of a stream, -1 of one that isn't whole; None of a model without classes."""
    model, found = cached.model(run), watched(run, chosen)
    if not isinstance(model, Classifies):
        return None
    return classes_of(model, found.x, np.isfinite(found.scores))


@remember(8)
def _of_saved(run: Subject) -> Predictions | None:
    """Of the test examples saved with a run; None where it knows no classes, or none of them has one."""
    model, data = cached.model(run), labelled(run)
    if not isinstance(model, Classifies) or not len(data):
        return None
    return predict(classify_by(model), data.batch().x, data.y.numpy())


def draw_confusion(run: Subject) -> None:
    """How often each class is taken for another, of the test examples saved with the run; nothing without classes."""
    found = _of_saved(run)
    if found is None:
        return
    names, counts = run.classes, found.counts
    st.markdown(f"**Which class it takes readings for**: right in {found.accuracy.value:.1%} of {len(found.y):,}")
    view = linked_choice("Cells", VIEWS, COUNTS, "cells")
    order = np.arange(len(names))
    figure(
        confusion_matrix(counts, names, order, view, None, look()),
        "Confusion matrix: a row a true class, a column a predicted one",
    )
    diagonal = np.diag(by_rows(counts))
    known = [k for k in order.tolist() if counts[k].sum()]
    worst = min(known, key=lambda k: diagonal[k])
    st.caption(
        f"Rows are what it is: the test examples saved with the run. It is worst for {plain(names[worst])}, with "
        f"{diagonal[worst]:.0%} of {counts[worst].sum():,}."
    )
    CLASSIFIER.link("Open a cell", run=run.id)
