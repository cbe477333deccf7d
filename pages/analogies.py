"""Analogies: the same style in every class, and what a direction of a latent space really means."""

import streamlit as st

from latentlab.models import Conditional, Decodes, Encodes
from latentlab.runs import Run
from pages.ui import attributes
from pages.ui.analogy_bend import bend, send_class_decoder
from pages.ui.analogy_numbers import style_plane, usage_meters
from pages.ui.analogy_rows import choose_bent, choose_beside, choose_rows, of_other
from pages.ui.analogy_sheet import draw_sheet, export, has_judge
from pages.ui.attribute_numbers import four_images, trust
from pages.ui.attributes import attribute, choose_groups, draw_walk, walk
from pages.ui.header import header, notes

TOLD = ("Does it use z? Does it use y?", "Style plane")
NOT_TOLD = ("How far to trust it", "A − B + C")


@st.fragment
def told_the_class(run: Run) -> None:
    """The analogy sheet, and whether its two causes are heard."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        rows = choose_bent(choose_rows(run))
        judged = has_judge(run) and st.toggle(
            "Judge", key="judge", bind="query-params", help="What a classifier sees in every cell, and how sure it is"
        )
        other = choose_beside(run)
        live = st.toggle(
            "Live", True, key="live", bind="query-params",
            help="Decode in the browser while you drag; without it there are plain sliders, and the server decodes",
        )  # fmt: skip
    with picture:
        rows = bend(run, rows, live)
        draw_sheet(run, rows, judged, run)
        if other is not None:
            st.markdown(f"**{other.title}**, the same rows")
            draw_sheet(other, of_other(run, rows, other), judged, run, marked=False)
        export(run, rows)
    meters, plane = st.tabs(TOLD, key="detail", on_change="rerun", bind="query-params")
    if meters.open:
        with meters:
            usage_meters(run, rows)
    if plane.open:
        with plane:
            style_plane(run, rows)


@st.fragment
def not_told(run: Run) -> None:
    """Images along an attribute vector, and how far to trust it."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        asked = choose_groups(run)
        judged = has_judge(run) and st.toggle(
            "Judge", key="judge", bind="query-params", help="What a classifier sees in every cell, and how sure it is"
        )
        other = attributes.choose_beside(run)
        attributes.told_instead(run)
    found = attribute(run, asked.a, asked.b, asked.method)
    if isinstance(found, str):
        picture.info(found)
        return
    gone = walk(run, asked, found)
    with picture:
        draw_walk(run, asked, found, gone, judged)
        if other is not None:
            attributes.draw_beside(other, asked, judged)
        attributes.export(run, found, gone)
    trusted, four = st.tabs(NOT_TOLD, key="asked", on_change="rerun", bind="query-params")
    if trusted.open:
        with trusted:
            trust(run, asked, gone)
    if four.open:
        with four:
            four_images(run)


run = header("Analogies", Conditional, Decodes)
if run is None:
    st.stop()
if issubclass(run.kind, Conditional):
    send_class_decoder(run)
    told_the_class(run)
    notes(
        "Each row keeps the style z of its source and each column asks for one class y: this handwriting, every digit. "
        "A slider moves one dimension of the style, and the whole row follows.",
        "Bend the strongest dimension and say what it is: slant, weight, width. Ask the judge, and look for cells that "
        "it takes for another class. Open the meters: a decoder can ignore z, or at larger z ignore y. See the style "
        "plane of an 8 and of a 1: the same places mean the same style.",
        "p(x, y, z) = p(y) p(z) p(x|y, z) makes style and class independent, so z is left with what y does not say "
        "(Kingma et al. 2014, Fig. 1). Shares of the variance are those of a two-way layout: Var x = Var_z E_y x + "
        "Var_y E_z x + the rest. Style is measured on the pictures: the mean correlation of ink, slant, width and "
        "height between two columns, over the rows.",
    )
elif issubclass(run.kind, Encodes):
    not_told(run)
    notes(
        "Group A minus group B is a direction of the latent space. Each row starts at a test image and goes along "
        "it; 1 is from the mean of B to the mean of A.",
        "Turn a 3 into an 8 and back. Compare the difference of means with what only tells the groups apart. Choose "
        "two groups that hardly differ, such as half the classes and the other half: the cone opens. Then make "
        "A − B + C of three images.",
        "A difference of means is w = mean(A) − mean(B) (Larsen et al. 2016, §4.2); a probe is logistic regression; "
        "LDA is S⁻¹ (mean(A) − mean(B)) (Fisher 1936), S shrunk by Ledoit & Wolf. Any two groups have a difference: "
        "trust one that tells held-out pairs apart better than shuffled groups do, and a way that stays among real "
        "codes.",
    )
else:
    st.info("This model has no encoder, so it can't say where examples lie: choose another one.")
