"""The plane of the score field: what is drawn on it, and what a click or a drag on it does."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.box import Box
from latentlab.analysis.score import verdict
from latentlab.analysis.score.denoiser import Denoiser
from latentlab.analysis.score.layers import BASINS, LAYERS, LayerValues
from latentlab.analysis.score.points import FRAME
from latentlab.figures.score import field as draw
from latentlab.subjects import Subject
from pages.components.plane import Drag, gesture, plane
from pages.score_field import fields
from pages.score_field.choose_field import SHOWN, choose
from pages.score_field.own_points import MINE, STROKES, add_strokes, undo_and_clear
from pages.shared import url_state
from pages.shared.header import look
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain
from pages.shared.visit import Slot

PAINTS = "paints points"
POINTERS: dict[str, Drag] = {"inspects": "", "zooms": "box", "draws a loop": "", PAINTS: "points"}
NOTHING = "none"  # behind the arrows
OVERLAYS = ("arrows", "streamlines", "data", "fixed points", "walkback")
CORNERS = 8  # of a loop, at most
KEY = "plane"  # of the component


def the_plane(run: Subject, mine: bool) -> tuple[Denoiser, Box]:
    """Controls and picture; returns what is on it. Where there are no points yet, the plane to paint them on is all."""
    picture_column, controls = st.columns([2, 1], gap="large")
    with controls:
        whose, display, more = st.container(), st.container(), st.popover("More", width="stretch")
    with picture_column:
        above, picture = st.container(), st.container()
    with whose:
        denoiser = choose(run, mine, more, above)
    if mine:
        with above:
            undo_and_clear()
    if denoiser is None:
        with controls:
            st.info("There are no points yet: paint some on the plane, or type them behind “More”.")
        with picture:
            blank = draw.empty_plane(FRAME, look())
            plane(KEY, blank, "An empty plane", "points", None, STROKES.get(0), {}, partial(_act, MINE, PAINTS))
        st.stop()
    even = more.toggle(
        "Equal arrow lengths",
        key="even",
        bind="query-params",
        help="Arrows of equal length, whose colour shows the length of the score",
    )
    with display:
        offered = [name for name, layer in LAYERS.items() if not (denoiser.no_score and layer.needs_score)]
        Slot[str]("behind").settle([NOTHING, *offered], offered[0])
        behind = st.selectbox("Background", [NOTHING, *offered], 1, key="behind", bind="query-params")
        over = st.pills(
            "Overlays", OVERLAYS, selection_mode="multi", default=["arrows", "data"], key="over", bind="query-params",
            wrap=True,
        )  # fmt: skip
        pointers = list(POINTERS) if mine else list(POINTERS)[:-1]
        pointer = linked_choice(
            "The pointer", pointers, pointers[-1] if mine else pointers[0], f"pointer-{mine}",
            help="A click inspects a place; a dragged box is zoomed into; a click adds a corner to the loop of “Energy "
            "and curl”; a drag paints points of your own. With the keyboard: arrow keys, and the space bar for a click",
        )  # fmt: skip
    box = zoom(denoiser)
    with controls:
        numbers(denoiser)
    _draw(picture, controls, denoiser, box, (behind, over, even, pointer))
    return denoiser, box


def _draw(
    picture: DeltaGenerator, controls: DeltaGenerator, denoiser: Denoiser, box: Box,
    shown: tuple[str, list[str], bool, str],
) -> None:  # fmt: skip
    behind, over, even, pointer = shown
    layer, found = LAYERS.get(behind), None
    with controls:
        if layer is BASINS or "fixed points" in over:
            found = fields.standing(denoiser, box)
        if found is not None:
            st.markdown(verdict.of_basins(denoiser, found[1]))
    arrows, at, name = fields.arrows(denoiser, box), place(denoiser), denoiser.data.name
    back = None
    if layer is BASINS:
        back = draw.PlaneLayer.of(BASINS, LayerValues(found[1].attractor)) if found is not None else None
    elif layer is not None:
        back = fields.layer(denoiser, box, layer)
    drawn = draw.plane(arrows, box, look(), back)
    if "streamlines" in over:
        draw.add_streamlines(drawn, fields.lines(denoiser, box), look())
    if "arrows" in over:
        draw.add_arrows(drawn, arrows, look(), even)
    if "data" in over:
        few = denoiser.data[:SHOWN]
        draw.add_points(drawn, few.x.numpy(), few.y.numpy(), denoiser.data.classes, look())
    if found is not None and "fixed points" in over:
        draw.add_fixed_points(drawn, found[0], look())
        draw.add_spurious(drawn, found[1].attractors[denoiser.is_far(found[1].attractors)], look())
    _place(drawn, denoiser, box, at)
    if "walkback" in over:
        draw.add_walkback(drawn, fields.walkback(denoiser, at), look())
    corners = loop(denoiser)
    url_state.write(loop_name(name), ";".join(f"{x:.4g},{y:.4g}" for x, y in corners) or None)
    if corners:
        draw.add_polygon(drawn, np.array(corners), look())
    readings: dict[str, NDArray[Any]] = {} if denoiser.no_score else {"|score|": arrows.length}
    if back is not None and not back.discrete:
        readings |= {back.name: back.z}
    with picture:
        plane(
            KEY, drawn, f"The field of the {denoiser.name}: arrows towards denser data", POINTERS[pointer], at,
            STROKES.get(0), readings, partial(_act, name, pointer),
        )  # fmt: skip
        if box != denoiser.box:
            st.button("Show all of it", key="unzoom", icon=":material/zoom_out_map:", on_click=url_state.write,
                      args=("box", None))  # fmt: skip
        if arrows.n_holes:
            st.caption(f"{arrows.n_holes:,} of {fields.N_ARROWS**2:,} arrows have no finite value and are left out.")


def numbers(denoiser: Denoiser) -> None:
    """How the score agrees with the true one, in a line."""
    if denoiser.best:
        st.caption(f"**{plain(denoiser.name)}**, σ = {denoiser.sigma:g}: no network can do better.")
        return
    found, losses = fields.agrees(denoiser)
    about = f"**{plain(denoiser.name)}**, σ = {denoiser.sigma:g}"
    fields.say_agreement(about, found, losses, denoiser.no_score, denoiser.known)


def place(denoiser: Denoiser) -> tuple[float, float]:
    """The chosen place; if there is none, beside the middle one of the data, or the most central one in sight."""
    requested = url_state.read_numbers("at", 2, -1e6, 1e6)
    if requested is not None:
        return requested[0], requested[1]
    return denoiser.off_data(zoom(denoiser))


def zoom(denoiser: Denoiser) -> Box:
    """The box of the address, if it is one; else that of the data."""
    return url_state.read_box("box", 1e6) or denoiser.box


def loop(denoiser: Denoiser) -> list[tuple[float, float]]:
    """The corners of the loop that was clicked, in this visit or that of the link."""
    corners = corners_of(denoiser.data.name)
    if not corners.is_set:
        linked = url_state.read_points(loop_name(denoiser.data.name), 2, CORNERS, 1e6)
        corners.set([(x, y) for x, y in linked])
    return corners.get([])


def loop_name(data: str) -> str:
    """What the address calls the loop in the plane of some data: points of one's own have another one."""
    return "loop-mine" if data == MINE else "loop"


def corners_of(data: str) -> Slot[list[tuple[float, float]]]:
    """Where the visit keeps the corners of the loop that was clicked in the plane of some data."""
    return Slot(f"loop-{data}")


def _place(drawn: go.Figure, denoiser: Denoiser, box: Box, at: tuple[float, float]) -> None:
    found = fields.geometry(denoiser, at)
    radii = np.sqrt(np.clip(found.eigenvalues[0], 0, None)) * denoiser.sigma  # of a posterior that only a score has
    radii = np.full(2, np.nan) if denoiser.no_score else radii
    draw.add_place(drawn, found.eigenvectors[0], radii, fields.path(denoiser, at), 0.05 * box.width, look())


def _act(data: str, pointer: str) -> None:
    """A click is a place or a corner, a dragged box is where to zoom, and strokes are points."""
    done = gesture(Slot[Any](KEY).get())
    if done is None:
        return
    if done.box is not None:
        url_state.write("box", ",".join(f"{v:.4g}" for v in (*done.box.x, *done.box.y)))
    elif done.place is not None and pointer == "draws a loop":
        x, y = (float(f"{v:.4g}") for v in done.place)
        corners = corners_of(data)
        corners.set([*corners.get([]), (x, y)][-CORNERS:])
    elif done.place is not None and pointer == "inspects":
        url_state.write("at", ",".join(f"{v:.4g}" for v in done.place))
    elif pointer == PAINTS:
        add_strokes(done.strokes)
