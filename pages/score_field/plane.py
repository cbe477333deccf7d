"""The plane of the score field: what is drawn on it, and what a click or a drag on it does."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import FAR, Denoiser
from latentlab.analysis.score.fixed_points import Basins
from latentlab.analysis.score.layers import BASINS, LAYERS, LayerValues
from latentlab.figures.score import field as draw
from latentlab.subjects import Subject
from pages.score_field import fields
from pages.score_field.choose_field import MINE, SHOWN, add_mine, choose
from pages.shared import url_state
from pages.shared.header import look
from pages.shared.linked_choice import linked_choice
from pages.shared.present import enlarged
from pages.shared.text import plain
from pages.shared.visit import Slot

POINTERS = ("looks", "zooms", "draws a loop", "adds points")
NOTHING = "none"  # behind the arrows
OVERLAYS = ("arrows", "streamlines", "data", "fixed points")
CORNERS = 8  # of a loop, at most


def the_plane(run: Subject) -> tuple[Denoiser, Box]:
    """Controls and picture; returns what is on it."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        whose, display, more = st.container(), st.container(), st.popover("More", width="stretch")
    with whose:
        denoiser = choose(run, more)
    even = more.toggle(
        "Equal arrows",
        key="even",
        bind="query-params",
        help="Arrows of equal length, whose colour shows the length of the score",
    )
    with display:
        offered = [name for name, layer in LAYERS.items() if not (denoiser.no_score and layer.needs_score)]
        Slot[str]("behind").settle([NOTHING, *offered], offered[0])
        behind = LAYERS.get(st.selectbox("Behind it", [NOTHING, *offered], 1, key="behind", bind="query-params"))
        over = st.pills(
            "Draw",
            OVERLAYS,
            selection_mode="multi",
            default=["arrows", "data"],
            key="over",
            bind="query-params",
            wrap=True,
        )
        pointer = linked_choice(
            "Pointer", POINTERS if denoiser.data.name == MINE else POINTERS[:-1], POINTERS[0],
            f"pointer-{denoiser.data.name == MINE}", wrap=True,
            help="A click looks at a place; a dragged box is zoomed into; a click adds a corner to the loop of “Energy "
            "and curl”, or a point of your own",
        )  # fmt: skip
    box = zoom(denoiser)
    with controls:
        numbers(denoiser)
        found = fields.standing(denoiser, box) if behind is BASINS or "fixed points" in over else None
        if found is not None:
            spurious_ends(denoiser, found[1])
    with picture:
        arrows = fields.arrows(denoiser, box)
        layer = None
        if behind is BASINS:
            layer = fields.drawn(BASINS, LayerValues(found[1].attractor)) if found is not None else None
        elif behind is not None:
            layer = fields.layer(denoiser, box, behind)
        drawn = draw.plane(arrows, box, look(), layer)
        if "data" in over:
            few = denoiser.data[:SHOWN]
            draw.add_points(drawn, few.x.numpy(), few.y.numpy(), denoiser.data.classes, look())
        if "streamlines" in over:
            draw.add_streamlines(drawn, fields.lines(denoiser, box), look())
        if "arrows" in over:
            draw.add_arrows(drawn, arrows, look(), even)
        if found is not None and "fixed points" in over:
            draw.add_fixed_points(drawn, found[0], look())
            draw.add_spurious(drawn, found[1].attractors[denoiser.is_far(found[1].attractors)], look())
        _place(drawn, denoiser, box)
        corners = loop(denoiser)
        url_state.write(loop_name(denoiser.data.name), ";".join(f"{x:.4g},{y:.4g}" for x, y in corners) or None)
        if corners:
            draw.add_polygon(drawn, np.array(corners), look())
        draw.add_click_targets(drawn, box)
        drawn.update_layout(dragmode="select" if pointer == "zooms" else drawn.layout.dragmode)
        key = f"plane-{denoiser.data.name}-{astuple(box)}-{pointer}"
        st.plotly_chart(
            enlarged(drawn), theme=None, config={"displayModeBar": False}, key=key, selection_mode=("points", "box"),
            on_select=lambda: _picked(key, denoiser.data.name, pointer),
            alt=f"The field of the {denoiser.name}: arrows towards denser data",
        )  # fmt: skip
        if box != denoiser.box:
            st.button("Show all of it", key="unzoom", icon=":material/zoom_out_map:", on_click=url_state.write,
                      args=("box", None))  # fmt: skip
        if arrows.n_holes:
            st.caption(f"{arrows.n_holes:,} of {fields.N_ARROWS**2:,} arrows have no finite value and are left out.")
    return denoiser, box


def numbers(denoiser: Denoiser) -> None:
    """How the score agrees with the true one, in a line."""
    if denoiser.best:
        st.caption(f"**{plain(denoiser.name)}**, σ = {denoiser.sigma:g}: no network can do better.")
        return
    found, losses = fields.agrees(denoiser)
    against = "the exact score" if denoiser.known else "the score of the kernel estimate"
    times = losses.denoiser / losses.optimum
    said = f"**{plain(denoiser.name)}**, σ = {denoiser.sigma:g} · against {against} of the noisy data: median cosine "
    said += f"{found.median_cosine:.4f}"
    if not denoiser.no_score:
        said += f", relative error {_share(found.relative_rms)} · loss "
        said += f"{times:.2f} × the optimum's" if times < 100 else f"{times:,.0f} × the optimum's"
    st.caption(said + (f" · {found.n_holes} points without a finite value" if found.n_holes else ""))
    if denoiser.no_score:
        st.info(f"Here r(x) − x is a direction only: {denoiser.no_score}. It has no score, no energy and no samples.")
    elif not losses.has_learned:
        st.warning(
            f"It has learned nothing on the data: its loss there is {losses.denoiser:.3f} σ², and leaving the noisy "
            f"points as they are has {losses.identity:.3f} σ²."
        )


def _share(error: float) -> str:
    """A relative error: in percent, or so many times what it is relative to."""
    return f"{error:,.0f} times the score" if error >= 10 else f"{error:.1%}"


def spurious_ends(denoiser: Denoiser, basins: Basins) -> None:
    """How many paths end far from the data, in a line."""
    share, still, drifting = denoiser.off(basins)
    said = f"**{share:.1%}** of {len(basins.ends):,} places end far from the data, where these have less than "
    said += f"{FAR:g} of their median density, when denoised until they stand still: **{still}** spurious "
    said += f"attractor{'' if still == 1 else 's'}"
    st.markdown(said + (f", and {drifting} clusters of end points that still move." if drifting else "."))


def place(denoiser: Denoiser) -> tuple[float, float]:
    """The chosen place; if there is none, beside the middle one of the data, or the most central one in sight."""
    requested = url_state.read_numbers("at", 2, -1e6, 1e6)
    if requested is not None:
        return requested[0], requested[1]
    box, x = zoom(denoiser), denoiser.data.x
    k = len(x) // 2
    if box != denoiser.box:
        k = int((x - torch.tensor(box.centre)).square().sum(1).argmin())
    off_data = x[k] + 2.5 * denoiser.sigma  # off the data, so that there is something to see
    return float(off_data[0]), float(off_data[1])


def zoom(denoiser: Denoiser) -> Box:
    """The box of the address, if it is one; else that of the data."""
    requested = url_state.read_numbers("box", 4, -1e6, 1e6)
    if requested is None:
        return denoiser.box
    box = Box(*requested)
    if not box.is_proper:
        st.warning("The link's “box” is not a left, a right, a lower and an upper edge, so all of the plane is shown.")
        url_state.write("box", None)
        return denoiser.box
    return box


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


def _place(drawn: Any, denoiser: Denoiser, box: Box) -> None:
    at = place(denoiser)
    found = fields.geometry(denoiser, at)
    radii = np.sqrt(np.clip(found.eigenvalues[0], 0, None)) * denoiser.sigma  # of a posterior that only a score has
    radii = np.full(2, np.nan) if denoiser.no_score else radii
    arm = 0.05 * box.width
    draw.add_place(drawn, found.eigenvectors[0], radii, fields.path(denoiser, at), arm, look())


def _picked(key: str, data: str, pointer: str) -> None:
    """A click is a place, a corner or a point; a dragged box is where to zoom."""
    chart = Slot[Any](key).get()
    if chart is None:
        return
    picked = chart.selection
    if picked.box:
        (x0, x1), (y0, y1) = sorted(picked.box[0]["x"]), sorted(picked.box[0]["y"])
        half = max(x1 - x0, y1 - y0) / 2
        if half > 0:
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            url_state.write("box", ",".join(f"{v:.4g}" for v in (x - half, x + half, y - half, y + half)))
    elif picked.points and pointer != "zooms":
        x, y = float(picked.points[-1]["x"]), float(picked.points[-1]["y"])
        if pointer == "adds points":
            add_mine(x, y)
        elif pointer == "draws a loop":
            corners = corners_of(data)
            corners.set([*corners.get([]), (float(f"{x:.4g}"), float(f"{y:.4g}"))][-CORNERS:])
        else:
            url_state.write("at", f"{x:.4g},{y:.4g}")
