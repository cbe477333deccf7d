"""The table: what is recognised in each kind of images, always with the controls."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from latentlab.analysis.generated.images import BINARISED, REAL
from latentlab.analysis.generated.recognition import Recognition
from latentlab.experiments.score_tables import MISSING
from latentlab.figures.generated.shares import predicted_shares
from latentlab.subjects import Subject
from pages.shared.header import look
from pages.shared.images import figure

CONTROLS = (REAL, BINARISED)


def draw_table(run: Subject, by: Subject, found: Mapping[str, Recognition], way: str) -> None:
    """A row for each kind of images, and how often each class is predicted."""
    table, shares = st.columns([3, 2], gap="large")
    with table:
        st.dataframe(rows(found), hide_index=True, alt="What the classifier recognises in each kind of images")
        n = len(next(iter(found.values())).predicted)
        most = math.log(next(iter(found.values())).n_classes)
        st.caption(
            f"{n} images of each kind, {way}, by “{by.title}”, which was trained on real ones and generates none. In "
            "brackets the 95 % interval (Wilson). Sure: the mean probability of the predicted class. The entropy of "
            f"the predicted classes is at most {most:.2f} nats. The first two rows are the control."
        )
    with shares:
        histograms = {name: one.histogram for name, one in found.items()}
        figure(predicted_shares(histograms, run.classes, look()), "How often each class is predicted")


def rows(found: Mapping[str, Recognition]) -> list[dict[str, str]]:
    """A row for each kind of images."""
    return [
        {
            "images": f"{name} (control)" if name in CONTROLS else name,
            "recognised, %": _share(one),
            "sure, %": f"{100 * one.confidence:.1f}",
            "class entropy, nats": f"{one.entropy:.2f}",
        }
        for name, one in found.items()
    ]


def _share(one: Recognition) -> str:
    share = one.share
    if share is None:
        return MISSING
    return f"{100 * share.value:.1f} ({100 * share.low:.1f} to {100 * share.high:.1f})"
