"""The main picture: the plane of the top layer with a box, and what the box decodes to on both sides of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from latentlab.analysis.box import Box
from latentlab.analysis.conditional.code_plane import central_box
from latentlab.figures.conditional.cluster_aware import top_plane
from latentlab.subjects import Subject
from pages.cluster_aware.measured import GRID, Top, cluster_names, from_box, is_named, predicted, top
from pages.components.plane import gesture, plane
from pages.shared import cached, url_state
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain
from pages.shared.visit import Slot

KEY = "top-plane"  # of the component
PROBABLE, DRAWN = "most probable", "drawn"
FEW = 12  # clusters that have a button each
FARTHEST = 1e4


def draw_plane(run: Subject) -> None:
    """Left the box with y from the top layer, in the middle the plane, right the box with one y for all."""
    found = top(run)
    if found is None:
        st.info("The top layer of this model has one dimension, so there is no plane to draw: choose another model.")
        return
    box = _box(found)
    left, middle, right = st.columns([1, 1.25, 1], gap="medium")
    with middle:
        _plane(run, found, box)
        draws_z1 = st.toggle(
            "Draw z₁", key="draw-z1", bind="query-params", help="One draw of p(z₁|y, z₂) at each place, not its mean"
        )
        if box != central_box(found.places):
            st.button("The first box again", key="unbox", icon=":material/crop_free:", on_click=url_state.write,
                      args=("box", None))  # fmt: skip
    with left:
        picture = st.container()
        how = linked_choice(
            "y on the left", [PROBABLE, DRAWN], PROBABLE, "rule",
            help="The cluster that follows from each place of z₂: the most probable one, or a draw",
        )  # fmt: skip
        with picture:
            st.markdown(":small[**y from p(y|z₂)**]")
            _grid(run, from_box(run, box, None, how == DRAWN, draws_z1), "y from p(y|z₂)")
    with right:
        picture = st.container()
        cluster = _choose_cluster(run)
        name = cluster_names(run)[cluster]
        with picture:
            st.markdown(f":small[**y = {plain(name)} everywhere**]")
            _grid(run, from_box(run, box, cluster, False, draws_z1), f"y = {name} everywhere")
    st.caption(_words(found))


def _plane(run: Subject, found: Top, box: Box) -> None:
    drawn = top_plane(
        found.places, cached.examples(run).y.numpy(), run.classes, found.regions, is_named(run), found.whole, box,
        look(),
    )  # fmt: skip
    plane(
        KEY, drawn, "The plane of z₂: examples by class, the most probable cluster behind them, and a box", "box",
        box.centre, readings={"p(y|z₂) of the most probable y:": found.certainty}, on_gesture=partial(_act, box),
    )  # fmt: skip


def _grid(run: Subject, x: np.ndarray[Any, Any], alt: str) -> None:
    show(appearance_of(run), x, GRID, f"An even grid of the box decoded, {alt}", [""] * len(x))


def _choose_cluster(run: Subject) -> int:
    names = cluster_names(run)
    if len(names) <= FEW and len(set(names)) == len(names):
        short = names if is_named(run) else [str(k + 1) for k in range(len(names))]
        first = short[0 if is_named(run) else int(predicted(run).share.argmax())]  # an unused one shows little
        about = "One cluster at every place of z₂"
        return short.index(linked_choice("y on the right", short, first, f"fixed-{run.id}", help=about))
    cluster: int = st.selectbox("y on the right", range(len(names)), format_func=lambda k: plain(names[k]), key="fixed")
    return cluster


def _box(found: Top) -> Box:
    return url_state.read_box("box", FARTHEST) or central_box(found.places)


def _act(box: Box) -> None:
    """A dragged box is the new one; a click moves the old one there."""
    done = gesture(Slot[Any](KEY).get())
    if done is None:
        return
    if done.place is not None:
        x, y = done.place
        half = box.width / 2, box.height / 2
        done_box: Box | None = Box(x - half[0], x + half[0], y - half[1], y + half[1])
    else:
        done_box = done.box
    if done_box is not None:
        url_state.write("box", ",".join(f"{v:.4g}" for v in (*done_box.x, *done_box.y)))


def _words(found: Top) -> str:
    said = (
        "Drag a box on the plane, or click to move it; both sides show the same even grid of places in it, in the same "
        "order. "
    )
    if found.plane.share is None:
        return said + "Marks are means of q(z₂|·) of test examples; behind them is the most probable y of each place."
    first, second = found.plane.share
    return said + (
        f"z₂ has {found.plane.directions.shape[1]} dimensions: across and up are their first two principal components "
        f"({first:.0%} and {second:.0%} of the variance), and the others are held at the mean, so a mark may lie over "
        "another y than its own."
    )
