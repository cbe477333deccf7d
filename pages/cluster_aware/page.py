"""Cluster-aware generation: what the upper layer says of the class, and what the class changes."""

from functools import partial

import streamlit as st

from latentlab.analysis.verdict import of_top_layer
from latentlab.subjects import Subject
from pages.cluster_aware.details import draw_clusters, draw_labels, draw_predictions
from pages.cluster_aware.measured import errors, predicted
from pages.cluster_aware.plane import draw_plane
from pages.navigation import CLUSTER_AWARE
from pages.shared.header import header, notes
from pages.shared.tabs import tabs


@st.fragment
def cluster_aware(run: Subject) -> None:
    """The verdict, the plane between its two grids, and three closer looks."""
    found = predicted(run)
    said = of_top_layer(found.kl, len(run.classes), found.use, errors(run, found))
    st.info(said, icon=":material/lightbulb:")
    draw_plane(run)
    tabs(
        {
            "What labels add": partial(draw_labels, run),
            "Two predictions": partial(draw_predictions, run),
            "Clusters": partial(draw_clusters, run),
        }
    )


run = header(CLUSTER_AWARE)
if run is None:
    st.stop()
cluster_aware(run)
notes(
    "In the middle, the upper layer z₂ with the classes in their colours. Left, an even grid of the box decoded with "
    "the class that follows from z₂; right, the same places with one class for all.",
    "Drag the box over a border between two classes, then onto one class. Fix another class on the right: what of the "
    "image stays? Open the run without labels and look at its clusters.",
    "p(x, y, z₁, z₂) = p(x|y, z₁) p(z₁|y, z₂) p(y|z₂) p(z₂): the class follows from z₂, so examples can be drawn "
    "without naming one, and few labels name the clusters (Maaløe, Fraccaro & Winther 2017). What z₂ can know "
    "of the class is at most its KL divergence from the prior.",
)
