"""The tab Codes: principal components of the codes, and whether what overlaps there overlaps in the space."""

from __future__ import annotations

import streamlit as st

from latentlab.figures.generated.projection import projection
from latentlab.models import Encodes
from latentlab.subjects import Subject
from pages.generated.computed import labelled, separation
from pages.navigation import CLUSTERS
from pages.shared.background import Waiting, show_tasks
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.text import plain

MOST = 6  # components that can be drawn


def draw_codes(run: Subject) -> None:
    """The codes along two components, and a table of how separated the classes are in all of them and in few."""
    if not run.has(Encodes):
        st.info("It has no codes of examples, so there are none to project.")
        return
    task = separation(run)
    show_tasks([task], Waiting("Fitting probes"), "The classes of the codes can't be compared")
    found = task.result
    if found is None:
        return
    st.markdown(f"**{plain(found.verdict)}**")
    picture, side = st.columns([3, 2], gap="large")
    y, n = labelled(run).y.numpy(), min(MOST, found.codes.shape[1])
    with side:
        axes = (0, min(1, n - 1))
        if n > 2:
            pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
            axes = st.selectbox("Components", pairs, format_func=lambda two: f"{two[0] + 1} and {two[1] + 1}", key="pc")
        rows = [
            {
                "dimensions": f"all {one.n_dims}" if one is found.spaces[0] else f"{one.n_dims} components",
                "linear probe, %": f"{100 * one.probe.value:.1f} ± {50 * (one.probe.high - one.probe.low):.1f}",
                "10 neighbours, %": f"{100 * one.neighbours.value:.1f}",
                "silhouette": f"{one.silhouette.value:.2f}",
            }
            for one in found.spaces
        ]
        st.dataframe(rows, hide_index=True, alt="How separated the classes are")
        st.caption(
            f"{len(y)} test examples. The probe names codes that it wasn't fitted to (five folds); ± is half the 95 % "
            "interval. The source drew three components of 14 dimensions and took overlap there for overlap."
        )
        CLUSTERS.link("In three dimensions", run=run.id, method="PCA", deep="true")
    with picture:
        figure(projection(found, y, run.classes, axes, look()), "Codes along two principal components, by class")
