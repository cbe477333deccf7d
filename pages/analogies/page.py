"""Analogies: the same style in every class, and what a direction of a latent space really means."""

import streamlit as st

from latentlab.models import Conditional, Encodes
from latentlab.subjects import Subject
from pages.analogies import attribute_vectors, semi_supervised, train_with_few_labels
from pages.analogies.attribute_vectors import attribute, choose_groups, draw_walk, walk
from pages.analogies.direction_quality import four_images, trust
from pages.analogies.edit_row import bend, live_toggle, send_class_decoder
from pages.analogies.rows import choose_bent, choose_other, choose_rows, of_other
from pages.analogies.sheet import classifier_toggle, draw_sheet, export
from pages.analogies.usage import style_plane, usage_meters
from pages.analogies.vectors import vectors
from pages.navigation import ANALOGIES
from pages.shared.header import header, notes

TOLD = ("Does it use z? Does it use y?", "Style plane", "Learning from few labels")
NOT_TOLD = ("How far to trust it", "A − B + C")


@st.fragment
def told_the_class(run: Subject) -> None:
    """The analogy sheet, and whether its two causes are heard."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        rows = choose_bent(choose_rows(run))
        judged = classifier_toggle(run)
        other = choose_other(run)
        live = live_toggle()
    with picture:
        rows = bend(run, rows, live)
        draw_sheet(run, rows, judged, run)
        if other is not None:
            st.markdown(f"**{other.title}**, the same rows")
            draw_sheet(other, of_other(run, rows, other), judged, run, marked=False)
        export(run, rows)
    meters, plane, few = st.tabs(TOLD, key="detail", on_change="rerun", bind="query-params")
    if meters.open:
        with meters:
            usage_meters(run, rows)
    if plane.open:
        with plane:
            style_plane(run, rows)
    if few.open:
        with few:
            train_with_few_labels.train_and_compare()


@st.fragment
def not_told(run: Subject) -> None:
    """Images along an attribute vector, and how far to trust it."""
    if len(run.classes) < 2:
        four_images(run)
        return
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        asked, judged = choose_groups(run)
        other = attribute_vectors.choose_other(run)
        attribute_vectors.told_instead(run)
    found = attribute(run, asked.a, asked.b, asked.method)
    if isinstance(found, str):
        picture.info(found)
        return
    gone = walk(run, asked, found)
    with picture:
        draw_walk(run, asked, found, gone, judged)
        if other is not None:
            attribute_vectors.draw_beside(other, asked, judged)
        attribute_vectors.export(run, found, gone)
    trusted, four = st.tabs(NOT_TOLD, key="asked", on_change="rerun", bind="query-params")
    if trusted.open:
        with trusted:
            trust(run, asked, gone)
    if four.open:
        with four:
            four_images(run)


run = header(ANALOGIES)
if run is None:
    st.stop()
if not run.has():
    vectors(run.dataset)
elif semi_supervised.is_plane(run):
    semi_supervised.plane(run)
    train_with_few_labels.train_and_compare()
    notes(
        "The plane in the colour of the class that the model finds most probable, faint where it is unsure; large "
        "marks are the few examples whose label it knew. Beside it, the auxiliary variable a.",
        "Compare models of the same labels in the table. Train one with other labels and watch it draw its line.",
        "Unlabelled examples say where the classes lie, a few labels which is which: U(x) = Σ_y q(y|x) L(x, y) + "
        "H[q(y|x)] (Kingma et al. 2014). An auxiliary variable makes q(y|x) a mixture (Maaløe et al. 2016).",
    )
elif len(run.shape) != 3 or not run.has(Conditional, Encodes):
    st.info("This page compares images, by a model that encodes them: choose another model.")
elif run.has(Conditional):
    send_class_decoder(run)
    told_the_class(run)
    notes(
        "Each row keeps the style z of its source and each column asks for one class y: this handwriting, every digit. "
        "A slider moves one dimension of the style, and the whole row follows.",
        "Bend the strongest dimension and say what it is: slant, weight, width. Ask the judge, and look for cells that "
        "it takes for another class. Open the meters: a decoder can ignore z, or at larger z ignore y.",
        "p(x, y, z) = p(y) p(z) p(x|y, z) makes style and class independent, so z is left with what y does not say "
        "(Kingma et al. 2014, Fig. 1). Shares of the variance are those of a two-way layout: Var x = Var_z E_y x + "
        "Var_y E_z x + the rest. Style is measured on the pictures: the mean correlation of ink, slant, width and "
        "height between two columns, over the rows.",
    )
else:
    not_told(run)
    notes(
        "Group A minus group B is a direction of the latent space. Each row starts at a test image and goes along it; "
        "1 is from the mean of B to the mean of A.",
        "Turn a 3 into an 8 and back. Compare the difference of means with what only tells the groups apart. Choose "
        "two groups that hardly differ, such as half the classes and the other half: the cone opens.",
        "Means: w = mean(A) − mean(B) (Larsen et al. 2016, §4.2); probe: logistic regression; LDA: S⁻¹ w (Fisher "
        "1936), S shrunk by Ledoit & Wolf. Any two groups differ: trust a direction that tells held-out pairs apart "
        "better than shuffled groups do, and a way that stays among real codes.",
    )
