"""The plane of the score field: what is drawn on it, and what a click or a drag on it does."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import Any

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.score.fixed_points import Basins, Doubles
from latentlab.figures.score import field as draw
from latentlab.runs.run import Run
from pages.score_field import fields
from pages.score_field.choose_field import MINE, SHOWN, add_mine, choose
from pages.score_field.fields import LAYERS, Source
from pages.shared import url_state
from pages.shared.header import look

POINTERS = ("looks", "zooms", "draws a loop", "adds points")
OVERLAYS = ("arrows", "streamlines", "data", "fixed points")
CORNERS = 8  # of a loop, at most
FAR = 5.0  # noises from the data: an attractor farther away is spurious


def the_plane(run: Run) -> tuple[Source, Box]:
    """Controls and picture; returns what is on it."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        whose, display, more = st.container(), st.container(), st.popover("More", width="stretch")
    with whose:
        source = choose(run, more)
    even = more.toggle(
        "Even arrows", key="even", bind="query-params", help="Arrows of one length, whose colour is the length"
    )
    with display:
        behind = st.selectbox("Behind it", LAYERS, 1, key="behind", bind="query-params")
        over = st.pills(
            "Draw",
            OVERLAYS,
            selection_mode="multi",
            default=["arrows", "data"],
            key="over",
            bind="query-params",
            wrap=True,
        )
        pointer = st.segmented_control(
            "Pointer", POINTERS if source.data.name == MINE else POINTERS[:-1], default="looks", required=True,
            key=f"pointer-{source.data.name == MINE}", wrap=True,
            help="A click looks at a place; a dragged box is zoomed into; a click adds a corner to the loop of “Energy "
            "and curl”, or a point of your own",
        )  # fmt: skip
    box = zoom(source)
    with controls:
        numbers(source)
        found = fields.standing(source, box) if behind == "basins" or "fixed points" in over else None
        if found is not None:
            astray(source, found[1])
    with picture:
        seen = fields.arrows(source, box)
        layer = fields.layer(source, box, behind)
        if behind == "basins" and found is not None:
            layer = draw.Layer(found[1].attractor, "basins", discrete=True)
        drawn = draw.plane(seen, box, look(), layer)
        if "data" in over:
            few = source.data[:SHOWN]
            draw.add_points(drawn, few.x.numpy(), few.y.numpy(), source.data.classes, look())
        if "streamlines" in over:
            draw.add_streamlines(drawn, fields.lines(source, box), look())
        if "arrows" in over:
            draw.add_arrows(drawn, seen, look(), even)
        if found is not None and "fixed points" in over:
            draw.add_fixed_points(drawn, found[0], look())
            draw.add_spurious(drawn, found[1].attractors[spurious(source, found[1])], look())
        _place(drawn, source, box)
        if corners := loop(source):
            draw.add_polygon(drawn, np.array(corners), look())
        draw.add_click_targets(drawn, box)
        if pointer == "zooms":
            drawn.update_layout(dragmode="select")
        key = f"plane-{source.data.name}-{astuple(box)}-{pointer}"
        st.plotly_chart(
            drawn, theme=None, config={"displayModeBar": False}, key=key, selection_mode=("points", "box"),
            on_select=lambda: _picked(key, source.data.name, pointer),
            alt=f"The field of the {source.name}: arrows towards denser data",
        )  # fmt: skip
        if box != source.box:
            st.button("Show all of it", key="unzoom", icon=":material/zoom_out_map:", on_click=url_state.write,
                      args=("box", None))  # fmt: skip
        if seen.n_holes:
            st.caption(f"{seen.n_holes:,} of {fields.N_ARROWS**2:,} arrows have no finite answer and are left empty.")
    return source, box


def numbers(source: Source) -> None:
    """How the score agrees with the true one, in a line."""
    if source.best:
        st.caption(f"**{source.name}**, σ = {source.sigma:g}: no network can do better.")
        return
    found, ratio = fields.agrees(source)
    against = "the exact score" if source.known else "the score of the kernel estimate"
    times = f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
    st.caption(
        f"**{source.name}**, σ = {source.sigma:g} · against {against} of the noisy data: median cosine "
        f"{found.median_cosine:.4f}, relative error {_share(found.relative_rms)} · loss {times} × the optimum's"
        + (f" · {found.n_holes} places without an answer" if found.n_holes else "")
    )


def _share(error: float) -> str:
    """A relative error: in percent, or so many times what it is relative to."""
    return f"{error:,.0f} times the score" if error >= 10 else f"{error:.1%}"


def astray(source: Source, basins: Basins) -> None:
    """How many paths end off the data, in a line."""
    share, still, drifting = basins.off(
        _distance(source, basins.ends), _distance(source, basins.attractors), _far(source)
    )
    said = f"**{share:.1%}** of {len(basins.ends):,} places end farther than {_far(source):.2g} from the data when "
    said += f"denoised 300 times: **{still}** spurious attractor{'' if still == 1 else 's'}"
    st.markdown(said + (f", and {drifting} gathering places that still drift." if drifting else "."))


def spurious(source: Source, basins: Basins) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which attractors lie far from the data."""
    return _distance(source, basins.attractors) > _far(source)


def _distance(source: Source, places: Doubles) -> Doubles:
    """From each place to the data; NaN stays NaN."""
    if not len(places):
        return np.empty(0)
    found = source.density.nearest(torch.from_numpy(places).nan_to_num(0.0))[1].numpy()
    return np.where(np.isnan(places).any(1), np.nan, found)


def _far(source: Source) -> float:
    return FAR * math.hypot(source.sigma, float(source.density.stds.max()))


def place(source: Source) -> tuple[float, float]:
    """The chosen place; if there is none, beside the middle one of the data, or the most central one in sight."""
    asked = url_state.read_numbers("at", 2, -1e6, 1e6)
    if asked is not None:
        return asked[0], asked[1]
    box, x = zoom(source), source.data.x
    k = len(x) // 2
    if box != source.box:
        k = int((x - torch.tensor(box.centre)).square().sum(1).argmin())
    beside = x[k] + 2.5 * source.sigma  # off the data, so that there is something to see
    return float(beside[0]), float(beside[1])


def zoom(source: Source) -> Box:
    """The box of the address, if it is one; else that of the data."""
    asked = url_state.read_numbers("box", 4, -1e6, 1e6)
    if asked is None:
        return source.box
    box = Box(*asked)
    if not box.is_proper:
        st.warning("The link's “box” is not a left, a right, a lower and an upper edge, so all of the plane is shown.")
        url_state.write("box", None)
        return source.box
    return box


def loop(source: Source) -> list[tuple[float, float]]:
    """The corners of the loop that was clicked."""
    corners: list[tuple[float, float]] = st.session_state.get(f"loop-{source.data.name}", [])
    return corners


def _place(drawn: Any, source: Source, box: Box) -> None:
    at = place(source)
    found = fields.geometry(source, at)
    radii = np.sqrt(np.clip(found.eigenvalues[0], 0, None)) * source.sigma
    arm = 0.05 * box.width
    draw.add_place(drawn, found.eigenvectors[0], radii, fields.path(source, at), arm, look())


def _picked(key: str, data: str, pointer: str) -> None:
    """A click is a place, a corner or a point; a dragged box is where to zoom."""
    picked = st.session_state[key].selection
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
            st.session_state[f"loop-{data}"] = [*st.session_state.get(f"loop-{data}", []), (x, y)][-CORNERS:]
        else:
            url_state.write("at", f"{x:.4g},{y:.4g}")
