"""Traversal: move through a latent space and see what each dimension means."""

from functools import partial

import numpy as np
import streamlit as st

from latentlab.analysis.latent.bottleneck import Bottleneck, dimension_name
from latentlab.figures.latent.traversal import manifold, strips
from latentlab.subjects import Subject
from pages.components.explorer import View
from pages.navigation import TRAVERSAL
from pages.shared import cached
from pages.shared.choose_latent import choose_latent
from pages.shared.example_view import appearance_of, note
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.spacing import choose_spacing
from pages.shared.tabs import tabs
from pages.shared.verdicts import say_bottleneck
from pages.traversal.diagnosis import diagnosis
from pages.traversal.live_explorer import (
    choose_other,
    explore,
    on_plane,
    save_view,
    send_decoder,
    send_originals,
    start,
    warn_of_other_weights,
)
from pages.traversal.paths import paths
from pages.traversal.plain_sliders import plain_explorer

STEPS = 11
SHEETS = ("one dimension each", "grid of two")


@st.fragment
def traversal(run: Subject, where: Bottleneck, live: bool, other: Subject | None) -> None:
    """The explorer, and under it what the place that it stands at means: all that reruns when a drag ends."""
    if live:
        view = explore(run, where, other)
    else:
        view = plain_explorer(run, where, start(run, where))
        save_view(run, view)
    tabs(
        {
            "Sheets": partial(draw_sheets, run, where, view),
            "Paths": partial(paths, run, view),
            "Diagnosis": partial(diagnosis, run, view),
        }
    )


def draw_sheets(run: Subject, where: Bottleneck, view: View) -> None:
    """Rows through the place, or the plane as tiles."""
    which = linked_choice(
        "Sheet", SHEETS, SHEETS[0], "sheet", former=dict(zip(("Strips", "Manifold"), SHEETS, strict=True)),
        label_visibility="collapsed",
    )  # fmt: skip
    if which == SHEETS[0]:
        draw_strips(run, where, view)
    else:
        draw_manifold(run, view)


def draw_strips(run: Subject, where: Bottleneck, view: View) -> None:
    """A row of examples for each chosen dimension, through the place."""
    order = [int(axis) for axis in where.order]
    axes = st.multiselect(
        "Dimensions",
        order,
        order[:6],
        lambda axis: dimension_name(axis, run.code),
        f"strips-{run.id}",
        max_selections=24,
        bind="query-params",
    )
    if not axes:
        st.info("Choose at least one dimension to see its strip.")
        return
    rows = [cached.strip(run, view.z, axis, STEPS) for axis in axes]
    drawn = appearance_of(run).narrowed(np.concatenate([row.examples for row in rows]))
    carried = f" · {{:.2f}} {where.unit}" if where.unit == "nats" else ""
    names = [dimension_name(axis, run.code) + carried.format(where.carries[axis]) for axis in axes]
    figure(
        strips(rows, [view.z[axis] for axis in axes], look(), drawn, names),
        "A row of examples for each chosen dimension",
    )
    note(drawn)


def draw_manifold(run: Subject, view: View) -> None:
    """The plane as a sheet of tiles, evenly spaced in z or in the prior's probability."""
    spacing = choose_spacing()
    held, here, names = on_plane(run, view)
    grid = cached.grid(run, appearance_of(run).tiles, spacing, held, view.axes)
    drawn = appearance_of(run).narrowed(grid.examples.reshape(-1, *run.shape))
    alt = "What every place of the plane decodes to; a ring marks where the code is"
    figure(manifold(grid, here, names, look(), drawn), alt)
    note(drawn)


run = header(TRAVERSAL)
if run is None:
    st.stop()
run = choose_latent(run)
warn_of_other_weights(run)
say_bottleneck(run)
send_decoder(run)
send_originals(run)
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    other = choose_other(run)
    live = st.toggle(
        "Decode in the browser", True, key="live", bind="query-params",
        help="While you drag; without it there are plain sliders, and the server decodes when one is released",
    )  # fmt: skip
if other is not None:
    send_decoder(other)
traversal(run, cached.dimensions(run), live, other)
notes(
    "The plane shows two dimensions with the codes of test examples, coloured by class; the example follows the "
    "pointer, and a click goes there. A slider for each dimension, sorted by what it carries, moves the same place; "
    "the strip above it shows what it does from end to end. The sentence below the example says how near the data are. "
    "Numbers count in standard deviations σ: of the prior, or of the codes where there is no prior. Of a model with "
    "several latent variables one is moved: what lies above it is held, what lies below it is its mean, or one draw.",
    "Drag one slider from end to end and name what changes: the slant of a digit, the colour of a photo. Show "
    "examples on the plane and move a dimension that the plane does not show. Turn the wheel to zoom, drag with Shift "
    "to move the plane, and shade what is far from the data. Go to a random example, pin it, and compute a path to "
    "another one. Unused dimensions change nothing at all.",
    "A VAE maximises E[log p(x|z)] − KL(q(z|x) ‖ p(z)). A dimension that improves the reconstruction by less than its "
    "KL is switched off: q becomes the prior and the decoder ignores it. Used (active) means that the variance of the "
    "posterior mean exceeds 0.01 (Burda et al. 2016, §5.3); tiles at equal steps of Φ⁻¹ are equally probable (Kingma "
    "& Welling 2014, Fig. 4).",
)
