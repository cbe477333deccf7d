"""Analogies: the same style in every class, and what a direction of a latent space really means."""

from functools import partial

import streamlit as st

from latentlab.models import Classifies, Conditional, Encodes
from latentlab.subjects import Subject, stored
from pages.analogies import attribute_vectors
from pages.analogies.attribute_vectors import attribute, choose_groups, draw_moved, move_examples
from pages.analogies.direction_quality import trust
from pages.analogies.edit_row import edit_row, live_toggle, send_class_decoder
from pages.analogies.rows import choose_edited, choose_other, choose_rows, of_other
from pages.analogies.sheet import classifier_toggle, draw_sheet, export
from pages.analogies.three_examples import three_examples
from pages.analogies.usage import style_plane, usage_report
from pages.analogies.vectors import vectors
from pages.navigation import ANALOGIES, FEW_LABELS
from pages.shared import url_state
from pages.shared.choose_latent import choose_latent
from pages.shared.conditional import with_classes
from pages.shared.header import header, notes
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs
from pages.shared.text import plain


@st.fragment
def class_conditional(run: Subject) -> None:
    """The page of a class-conditional model: the analogy sheet, and whether the decoder uses style and class."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        rows = choose_edited(choose_rows(run))
        classified = classifier_toggle(run)
        other = choose_other(run)
        live = live_toggle()
    with picture:
        rows = edit_row(run, rows, live)
        draw_sheet(run, rows, classified)
        if other is not None:
            st.markdown(f"**{plain(other.title)}**, the same rows")
            draw_sheet(other, of_other(rows, other), classified, marked=False)
        export(run, rows)
    FEW_LABELS.link("Learning from few labels", "Train a model that is given the classes of a few examples")
    tabs(
        {
            "Does it use z? Does it use y?": partial(usage_report, run, rows),
            "Style plane": partial(style_plane, run, rows),
        }
    )


@st.fragment
def unconditional(run: Subject) -> None:
    """Images along an attribute vector, and the quality of the vector."""
    if len(run.classes) < 2:
        three_examples(run)
        return
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        settings, classified = choose_groups(run)
        other = attribute_vectors.choose_other(run)
        attribute_vectors.link_to_class_conditional(run)
    found = attribute(run, settings.a, settings.b, settings.method)
    if isinstance(found, str):
        picture.info(found)
        return
    moved = move_examples(run, settings, found)
    with picture:
        draw_moved(run, settings, found, moved, classified)
        if other is not None:
            attribute_vectors.draw_comparison(other, settings, classified)
        attribute_vectors.export(run, found, moved)
    tabs(
        {
            "A − B + C": partial(three_examples, run),
            "How far to trust it": partial(trust, run, settings, moved),
        },
        "asked",
    )


def choose_class(run: Subject) -> Subject:
    """The run, or what takes the category of its code for a class where it has one and that is chosen."""
    if (found := with_classes(run)) is run:
        return run
    what = linked_choice("What changes", ("its category", "a direction"), "its category", "changes")
    if what == "a direction":
        return run
    st.caption(
        "A column for each category of its code, in the place of a class: found without labels, it need be none."
    )
    return found


def open_few_labels() -> None:
    """Open the page Few labels if the address is of the time when this page had its content."""
    shapes = {run.id: run.shape for run in stored(Classifies)}
    requested = {name: value for name in ("run", "learning") if (value := url_state.read(name))}
    is_tab = url_state.read("detail") == "Learning from few labels"
    if shapes.get(requested.get("run", "")) == (2,) or "learning" in requested or is_tab:
        FEW_LABELS.open(**{name: value for name, value in requested.items() if name != "run" or value in shapes})


open_few_labels()
run = header(ANALOGIES)
if run is None:
    st.stop()
if not run.has():
    vectors(run.dataset)
elif not run.has(Conditional, Encodes):
    st.info("This page compares examples by a model that encodes them: choose another model.")
elif (shown := choose_class(run)).has(Conditional):
    send_class_decoder(shown)
    class_conditional(shown)
    notes(
        "Each row keeps the style z of its source and each column is decoded as one class y: this handwriting, every "
        "digit. A slider moves one dimension of the style. Latent variables between z and x are at their means.",
        "Edit the strongest dimension and name what it is, such as the slant or the width of digits. Draw one by "
        "hand and see it as every class. Switch on the classifier, and look for examples that it predicts to be of "
        "another class. Look at the bars: a decoder can ignore z, or at larger z ignore y.",
        "p(x, y, z) = p(y) p(z) p(x|y, z) makes style and class independent, so z describes what y does not (Kingma "
        "et al. 2014, Fig. 1). Shares of the variance are those of a two-way layout: Var x = Var_z E_y x + Var_y E_z "
        "x + the rest. The measure of style is the mean correlation of ink, slant, width and height between "
        "two columns, over the rows.",
    )
else:
    unconditional(choose_latent(run))
    notes(
        "Group A minus group B is a direction of the latent space. Each row starts at a test example and moves along "
        "it; 1 is from the mean of B to the mean of A.",
        "Turn one class into another and back; of digits, make upright ones slanted. Compare the difference of means "
        "with the methods that only separate the groups. Choose two groups that hardly differ, such as half the "
        "classes and the other half: the cone becomes wide.",
        "Means: w = mean(A) − mean(B) (Larsen et al. 2016, §4.2); probe: logistic regression; LDA: S⁻¹ w (Fisher "
        "1936), S shrunk by Ledoit & Wolf. Any two groups differ: trust a direction that ranks held-out pairs better "
        "than shuffled groups do, and a path that stays near real codes.",
    )
