"""Generated images: what an independent classifier recognises in what a model reconstructs and samples."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.classification.preprocessing import AS_THEY_ARE, THRESHOLDED
from latentlab.analysis.generated.verdict import of_generated
from latentlab.data import Kind
from latentlab.subjects import Subject
from pages.generated.codes import draw_codes
from pages.generated.computed import images, labelled, pairs, recognitions
from pages.generated.pairs import View, about, choose_view, draw_pairs
from pages.generated.people import draw_people
from pages.generated.plane import draw_plane
from pages.generated.table import draw_table
from pages.navigation import GENERATED, TRAIN
from pages.shared.background import Waiting, show_tasks
from pages.shared.classifier import independent_classifier_run
from pages.shared.header import header, notes
from pages.shared.tabs import tabs
from pages.shared.text import plain


@st.fragment
def generated(run: Subject, by: Subject) -> None:
    """The verdict, pairs with the predictions, the table with its controls, and closer looks."""
    verdict = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        view = choose_view(run)
    with picture:
        draw_pairs(run, by, view)
    with side:
        st.caption(about(view, pairs(run, by, view.way)))
    with st.container():
        _measured(run, by, view, verdict)
    tabs(
        {
            "Plane": partial(draw_plane, run, by),
            "Codes": partial(draw_codes, run),
            "People and the source": partial(draw_people, run, by),
        }
    )


def _measured(run: Subject, by: Subject, view: View, verdict: DeltaGenerator) -> None:
    """The verdict and the table, once the background process has them."""
    made, failed = images(run), "What it generates can't be classified"
    if made.result is None:
        show_tasks([made], Waiting("Drawing images of every kind"), failed)
        return
    ways = dict.fromkeys((AS_THEY_ARE.name, THRESHOLDED.name, view.way))
    tasks = {way: recognitions(run, by, made.result, way) for way in ways}
    show_tasks(list(tasks.values()), Waiting("Classifying them"), failed)
    plain_ones, cut, own = (tasks[way].result for way in (AS_THEY_ARE.name, THRESHOLDED.name, view.way))
    if plain_ones is not None and cut is not None:
        said = of_generated(made.result, plain_ones, cut, run.classes)
        verdict.info(plain(said), icon=":material/lightbulb:")
    if own is not None:
        draw_table(run, by, own, view.way)


def _why_not(run: Subject, by: Subject | None) -> str:
    """Why there is nothing to show; empty where there is."""
    if run.spec.kind is not Kind.IMAGE:
        return "This page looks at what can be recognised by eye, and these data can't: choose another model."
    if len(run.classes) < 2 or len(labelled(run)) < 2:
        return "These data have no classes, so a classifier has nothing to recognise: choose another model."
    if by is None:
        return "No classifier of these data is here that generates nothing itself: train one."
    return ""


run = header(GENERATED)
if run is None:
    st.stop()
by = independent_classifier_run(run)
if why := _why_not(run, by):
    st.info(why, icon=":material/info:")
    if by is None and run.spec.kind is Kind.IMAGE and len(run.classes) > 1:
        TRAIN.link("Train a classifier", model="cnn", dataset=run.dataset)
    st.stop()
assert by is not None
generated(run, by)
notes(
    "Inputs beside what a model makes of them, and what a classifier that saw neither says of both. The table counts "
    "how many are recognised, of real images too: without this control a share says nothing of the model.",
    "Cut the images at one half: what is recognised then was blurred, not wrong. Give the classifier [0, 1] where it "
    "learned from [−1, 1], as the source did. Look only at lost ones. Compare two dimensions with more.",
    "A classifier stands in for a person who names what is drawn (Burhanpurkar 2020, §3). It errs on real images, it "
    "never saw a blurred one, and it names a class of anything, so its share is a lower bound of what is recognisable, "
    "and its confidence no evidence that an image is real.",
)
