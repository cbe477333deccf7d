"""Classifier: how often it is wrong, what it confuses, how certain it is, and what it looks at."""

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from latentlab.analysis.classification.confusion import order_by_similarity, worst_cell
from latentlab.analysis.classification.verdict import of_classifier
from latentlab.figures.classification.confusion import COUNTS, VIEWS, confusion_matrix
from latentlab.subjects import Subject
from pages.classifier.accuracy import draw_accuracy
from pages.classifier.attempt import draw_attempt
from pages.classifier.inside import draw_inside
from pages.classifier.predicted import Shown, has_more, of_all, of_saved, test_examples
from pages.classifier.sheets import draw_cell, draw_grids
from pages.navigation import CLASSIFIER, CLUSTERS, PROBES, TRAIN
from pages.shared.background import Waiting, show_tasks
from pages.shared.conditional import labelled
from pages.shared.header import header, look, notes
from pages.shared.linked_choice import linked_choice
from pages.shared.present import enlarged
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

PICTURE: Slot[Any] = Slot("confusion")
TRUE: Slot[str] = Slot("true")  # the row and the column of the chosen cell
PREDICTED: Slot[str] = Slot("predicted")
ONLY: Slot[str] = Slot("only")  # whose most confident predictions are shown
SAVED, ALL = "saved with it", "all"
EVERY = "every class"


def classifier(run: Subject) -> None:
    """The verdict, the matrix with one cell opened, the most confident predictions, and closer looks."""
    if not len(labelled(run)):
        st.info("None of its test examples has a label, so it can't be said where it is wrong.")
        CLUSTERS.link("See its examples on a map", run=run.id)
        return
    saved = of_saved(run)
    names = run.classes or tuple(map(str, range(saved.found.log_probs.shape[1])))
    said = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        shown = _examples(run, saved)
        view = linked_choice("Cells", VIEWS, COUNTS, "cells")
        similar = st.toggle("Similar classes together", key="similar", bind="query-params")
        cell = _cell(run, shown, names)
    counts = shown.found.counts
    said.info(plain(of_classifier(shown.found, names)), icon=":material/lightbulb:")
    order = order_by_similarity(counts) if similar else np.arange(len(names))
    with picture:
        st.plotly_chart(
            enlarged(confusion_matrix(counts, names, order, view, cell, look())), theme=None, key=PICTURE.name,
            on_select=partial(_clicked, names), selection_mode="points", config={"displayModeBar": False},
            alt="Confusion matrix: true class against predicted class",
        )  # fmt: skip
    with side:
        draw_cell(run, shown, names, cell)
    ONLY.settle([EVERY, *names], EVERY, of=run.id)
    only = st.selectbox("Most confident predictions of", [EVERY, *names], key=ONLY.name, bind="query-params", width=280)
    draw_grids(run, shown, names, None if only == EVERY else names.index(only))
    tabs(
        {
            "Accuracy": partial(draw_accuracy, shown.found, names),
            "What it looks at": partial(draw_inside, run, saved, names),
            "Try it": partial(draw_attempt, run, saved, names),
        }
    )
    with st.container(horizontal=True):
        PROBES.link("Probe its layers", run=run.id)
        TRAIN.link("Train another", dataset=run.dataset)


def _examples(run: Subject, saved: Shown) -> Shown:
    """The examples that are looked at: all of the test set where that is requested, can be had, and is classified."""
    if not has_more(run):
        st.caption(f"{len(saved.data):,} labelled test examples.")
        return saved
    if linked_choice("Test examples", (SAVED, ALL), SAVED, "tested") == SAVED:
        return saved
    task = of_all(run)
    if task.result is None:
        show_tasks([task], Waiting("Classifying all test examples"), "They can't be classified")
        return saved
    return Shown(test_examples(run.dataset), task.result)


def _cell(run: Subject, shown: Shown, names: tuple[str, ...]) -> tuple[int, int]:
    """The cell whose examples are shown: the worst one until another is chosen, by click or here."""
    worst = worst_cell(shown.found.counts) or (0, 0)
    left, right = st.columns(2)
    found = []
    for place, slot, label, k in zip(
        (left, right), (TRUE, PREDICTED), ("It is", "predicted as"), worst, strict=True
    ):  # fmt: skip
        slot.settle(list(names), names[k], of=run.id)
        found.append(names.index(place.selectbox(label, names, k, key=slot.name, bind="query-params")))
    return found[0], found[1]


def _clicked(names: tuple[str, ...]) -> None:
    for point in PICTURE.get({"selection": {"points": []}})["selection"]["points"]:
        where = point.get("customdata")
        if isinstance(where, list) and len(where) == 2 and all(0 <= int(k) < len(names) for k in where):
            TRUE.set(names[int(where[0])])
            PREDICTED.set(names[int(where[1])])


run = header(CLASSIFIER)
if run is None:
    st.stop()
st.fragment(classifier)(run)
notes(
    "A row a true class, a column a predicted one: the diagonal is right. Next to it the examples of one cell, most "
    "certain first; below, those that it is most certain of, right and wrong.",
    "Click the darkest cell off the diagonal: would you have known better? Look at errors only, similar classes "
    "together. Hide a patch of an example that it has wrong. Give it [0, 1] where it learned from [-1, 1], or turn the "
    "examples round. Then draw, and be the human for a hundred images.",
    "Accuracy alone hides what is confused and how certain that is (Burhanpurkar 2020, §2.3; calibration: Guo et al. "
    "2017; occlusion: Zeiler and Fergus 2014). Some examples nobody recognises: the source's volunteer had 194 of 200 "
    "sketches right. And two numbers called accuracy may not be the same quantity.",
)
