"""In which metric examples are near: the control, and what one number that hides the others does to it."""

from __future__ import annotations

import streamlit as st

from pages.shared.linked_choice import linked_choice
from pages.shared.spaces import DISTANCES, EUCLIDEAN, INPUT, STANDARDISED, Source, Space, dominant, usual_metric
from pages.shared.text import plain
from pages.shared.visit import Slot

METRIC: Slot[str] = Slot("metric")  # the widget that chooses the distance
USUAL: Slot[str] = Slot("metric-usual")  # what it was at first
SCALED = {
    "cosine": "each scaled to length 1",
    "correlation": "each less its own mean and scaled to length 1",
    STANDARDISED: "each number in units of its standard deviation",
}


def choose_metric(source: Source) -> str:
    """Choose in which metric examples are near: for the map and for neighbours alike."""
    usual, before = usual_metric(source), USUAL.get(EUCLIDEAN)
    if usual != before and METRIC.get() == before:  # of what was mapped before, and nobody chose it
        METRIC.set(usual)
    USUAL.set(usual)
    about = (
        "How far two examples are from each other, on the map and as neighbours. Cosine is 1 less the cosine of their "
        "angle; correlation is the same after each has lost its own mean. Standardised is Euclidean with each number "
        "in units of its standard deviation: for numbers of different units."
    )
    return linked_choice("Distance", DISTANCES, default=usual, key=METRIC.name, help=about)


def about_metric(metric: str, method: str) -> str:
    """What a map along axes makes of a metric that it doesn't lay out by itself; nothing where it does."""
    if metric == EUCLIDEAN or method in ("UMAP", "t-SNE"):
        return ""
    if method == "Directions":
        return f"The map shows the numbers as they are; neighbours are by {metric}."
    return f"The components are those of the examples, {SCALED[metric]}."


def about_scale(space: Space) -> str:
    """That one number of the examples has nearly all of the variance, where near and far mean it alone."""
    found = dominant(space) if space.of.layer == INPUT and space.of.metric == EUCLIDEAN else None
    return f"{plain(found[0])} has {found[1]:.1%} of the variance, so near and far mean it alone." if found else ""


def offer_scale(space: Space) -> None:
    """Say what one number that has nearly all of the variance does to the map, and offer the other way."""
    if said := about_scale(space):
        st.caption(f":material/warning: {said}")
        st.button("Compare standardised", key="standardise", on_click=METRIC.set, args=(STANDARDISED,))
    elif space.of.metric == STANDARDISED and usual_metric(space.of) == STANDARDISED and (found := dominant(space)):
        st.caption(f"{plain(found[0])} has {found[1]:.1%} of the variance, so examples are compared {STANDARDISED}.")
        st.button("Compare the numbers as they are", key="as-given", on_click=METRIC.set, args=(EUCLIDEAN,))
