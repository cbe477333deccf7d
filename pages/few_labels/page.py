"""Few labels: what a model finds out from the classes of a few examples, beside plain classifiers of the same."""

import streamlit as st

from latentlab.runs.store import Store
from latentlab.subjects import Subject
from pages.few_labels.benchmark import benchmark_table
from pages.few_labels.classifier import draw_classifier, draw_error
from pages.few_labels.new_training import new_training, watched
from pages.few_labels.posterior import choose_example, draw_posterior
from pages.navigation import FEW_LABELS
from pages.shared.conditional import labelled
from pages.shared.header import header, notes

DETAILS = ("One example", "Error", "Benchmark")


@st.fragment
def few_labels(run: Subject) -> None:
    """The classifier or the training that the address names, the form of a new one, and the details."""
    store, index = Store.default(), None
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        new_training(store)
    example, error, benchmark = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if example.open:
        with example:
            index = choose_example(run)
            if index is not None:
                draw_posterior(run, index)
            else:
                st.info("This model infers a class without a code, so there is no posterior to draw.")
    with picture:
        if not watched(store):
            draw_classifier(run, index)
    if error.open:
        with error:
            draw_error(run)
    if benchmark.open:
        with benchmark:
            benchmark_table()


run = header(FEW_LABELS)
if run is None:
    st.stop()
if len(labelled(run)):
    few_labels(run)
else:
    st.info("No test example of this model has a class, so there is no error to measure: choose another model.")
notes(
    "Of points: the plane in the colour of the class that the model finds most probable, faint where it is uncertain; "
    "large marks are the few labelled examples. Elsewhere: the examples whose class is the least certain. Below, one "
    "example: what the model infers, and what follows from its p by Bayes' rule.",
    "Train a model with other labels and watch its decision boundary form. Compare models of the same labels in the "
    "benchmark.",
    "Unlabelled examples show where the classes lie, and a few labels show which class is which: U(x) = Σ_y q(y|x) "
    "L(x, y) + H[q(y|x)] (Kingma et al. 2014). An auxiliary variable makes q(y|x) a mixture (Maaløe et al. 2016).",
)
