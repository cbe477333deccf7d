"""The tab Plane: two dimensions of the latent space with the predicted class behind each image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.figures.generated.plane import predicted_plane as plane_figure
from latentlab.models import Decodes
from latentlab.subjects import Subject
from pages.generated.computed import EXTENT, TILES, predicted_plane
from pages.navigation import TRAVERSAL
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.spacing import SPACINGS


def draw_plane(run: Subject, by: Subject) -> None:
    """20 x 20 places of the plane, evenly spaced as in the source, or equally probable."""
    where = cached.dimensions(run) if run.has(Decodes) else None
    if where is None or len(where.order) < 2:
        st.info("It has no plane: its codes can't be decoded alone, or have one dimension.")
        return
    axes = (0, 1) if len(where.order) == 2 else (int(where.order[0]), int(where.order[1]))
    picture, side = st.columns([2, 1], gap="large")
    with side:
        first, *_ = SPACINGS
        spacing = SPACINGS[linked_choice("Spacing", list(SPACINGS), first, "spacing")]
        found = predicted_plane(run, by, axes, spacing)
        sure, n_classes = float(found.probability.mean()), len(np.unique(found.predicted))
        st.markdown(
            f"{n_classes} of {len(run.classes)} classes have a place here, and the classifier is {sure:.0%} sure on "
            f"average; at the four corners {found.probability[[0, 0, -1, -1], [0, -1, 0, -1]].mean():.0%}."
        )
        more = "" if len(where.order) == 2 else " The others are at their mean."
        st.caption(
            f"{TILES} × {TILES} places from −{EXTENT:g} to {EXTENT:g}, in standard deviations.{more} The colour is "
            "that of the predicted class, the stronger the surer. It says nothing of how real an image is: a "
            "classifier names a class of anything. Beyond ±2 hardly a code of the prior lies."
        )
        TRAVERSAL.link("Move through it", run=run.id)
    with picture:
        names = tuple(dimension_name(axis, run.code) for axis in axes)
        drawn = plane_figure(found.grid, found.predicted, found.probability, run.classes, (names[0], names[1]), look())
        figure(drawn, "The plane of two dimensions, with the predicted class behind each image")
