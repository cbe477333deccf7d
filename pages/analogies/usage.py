"""Whether a decoder uses its style and its class; and what the styles of one class look like."""

from __future__ import annotations

import streamlit as st
import torch

from latentlab.analysis.conditional.agreement import recognised
from latentlab.analysis.conditional.analogies import DecodeAs
from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.analysis.latent.traversal import Decode, ManifoldGrid, Spacing, manifold_grid, plane
from latentlab.figures.conditional.analogies import usage_figures
from latentlab.figures.latent.traversal import carried, manifold
from latentlab.subjects import Subject
from pages.analogies.rows import Rows
from pages.shared import cached, url_state
from pages.shared.background import Waiting, show_tasks
from pages.shared.conditional import STYLES, agreement, conditional, decoder_as, labelled, style_dimensions, used
from pages.shared.example_view import appearance_of, note
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.remember import remember
from pages.shared.spacing import choose_spacing

TILES = 15  # along a side of the style plane


def usage_report(run: Subject, rows: Rows) -> None:
    """The shares of style and class, classifier agreement and its control, and style consistency and its null."""
    prior = rows.x is None
    used_of, consistency = used(run, prior)
    task = agreement(run, prior)
    agreed = task.result if task is not None else None
    waits = task is not None and agreed is None
    st.markdown(f"**{used_of.verdict}**" + ("" if waits else recognised(agreed, len(run.classes))))
    if task is not None:
        waiting = Waiting("Classifying what is decoded", "Its classes are compared with those requested then.")
        show_tasks([task], waiting, "What is decoded can't be classified")
    panels(usage_figures(used_of, agreed, consistency, look()), "Style and class")
    where = style_dimensions(run)
    left, right = st.columns([2, 3], gap="large")
    figure(carried(where, look(), 220), "What each dimension of the style carries", place=left)
    n = min(STYLES, len(labelled(run)))
    control = ""
    if agreed is not None and agreed.control is not None:
        by, real = agreed.accuracy, agreed.control
        control = (
            f" The classifier agrees with the class of {by.value:.1%} of the examples (95 % interval {by.low:.1%} to "
            f"{by.high:.1%}, rows counted as groups), and of {real.value:.1%} of real examples ({real.low:.1%} to "
            f"{real.high:.1%})."
        )
    style = ""
    if consistency is not None:
        style = (
            " Style consistency: the correlation of ink, slant, width and height between two columns, over the rows, "
            f"is {consistency.overall.value:.2f}; with shuffled rows {consistency.overall.null:.2f} ± "
            f"{consistency.overall.null_std:.2f} (diamonds)."
        )
    right.caption(
        f"Over {n} styles in {len(run.classes)} classes.{control}{style} {where.summary} Shares are of the variance "
        "over styles and classes, summed over the values, ± two standard errors; “only both” is what neither explains "
        "alone."
    )


def style_plane(run: Subject, rows: Rows) -> None:
    """All styles of one class, over two dimensions; the others as in the edited row."""
    where = style_dimensions(run)
    order = [int(axis) for axis in where.order]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Class", run.classes, len(run.classes) // 2, key="of", bind="query-params", width=160)
        across, up = order[0], order[min(1, len(order) - 1)]
        if len(order) > 2:
            across, up = (_choose_axis(title, run, order, place) for place, title in enumerate(("Across", "Up")))
        spacing = choose_spacing()
    if across == up:
        st.info("Choose two different dimensions to see a plane." if len(order) > 1 else "The style has one dimension.")
        return
    code = rows.codes[rows.edited]
    grid = _plane(run, code, (across, up), run.classes.index(name), spacing)
    shown = appearance_of(run).narrowed(grid.examples.reshape(-1, *run.shape))
    names = dimension_name(across), dimension_name(up)
    figure(
        manifold(grid, (code[across], code[up]), names, look(), shown),
        f"Every style of a {name}; a ring marks the edited row",
    )
    note(shown)


def _choose_axis(title: str, run: Subject, order: list[int], usual: int) -> int:
    """A dimension of the style, which the address keeps; the one at the usual place where it says nothing else."""
    name, names = title.lower(), [dimension_name(axis) for axis in order]
    first = names.index(url_state.read_choice(name, names, names[usual]))
    axis = st.selectbox(title, order, first, dimension_name, key=f"{name}-{run.id}", width=120)
    url_state.write(name, dimension_name(axis) if axis != order[usual] else None)
    return axis


@remember(32)
def _plane(run: Subject, code: cached.Code, axes: tuple[int, int], k: int, spacing: Spacing) -> ManifoldGrid:
    decode = fixed(decoder_as(run), k)
    place = plane(torch.tensor(code), torch.eye(conditional(run).z_dim)[list(axes)])
    return manifold_grid(lambda s: decode(place(s)), min(TILES, appearance_of(run).tiles), 3.0, spacing)


def fixed(decode: DecodeAs, k: int) -> Decode:
    """A decoder of styles alone: that of class k."""
    return lambda z: decode(z, torch.full((len(z),), k))
