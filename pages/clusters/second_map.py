"""A second map of the same examples, aligned with the first: another model, layer or snapshot."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.maps.colourings import Coloured
from latentlab.analysis.maps.trustworthiness import overlap
from pages.clusters.layout import Layout, Wanted, lay_out
from pages.components.scatter import pack, scatter
from pages.shared.header import look
from pages.shared.point_colours import K
from pages.shared.remember import remember
from pages.shared.spaces import Source, Space, compared, load_space


def aligned_with_end(space: Space, laid: Layout, wanted: Wanted) -> Layout:
    """The map of a snapshot aligned with the map of the trained model, so that only changes of the space are
    visible.
    """
    if space.of.epoch is None or wanted.method in ("UMAP", "t-SNE"):
        return laid
    end = lay_out(load_space(space.of.at(None)), wanted)
    return laid.onto(end.xy) if end is not None else laid


def draw_second_map(space: Space, laid: Layout, other: Source, wanted: Wanted, colours: Coloured, images: bool) -> None:
    """Draw the other map; what is hovered, clicked or selected on one is on both."""
    there = load_space(other)
    if there.points != space.points:
        st.info(
            "The other run has other saved examples, and its data set is not on this machine, so the two can't be "
            "compared."
        )
        return
    found = lay_out(there, wanted)
    if found is None:
        return
    turned = found.onto(laid.xy)
    look_of = (colours.labels, colours.classes, look().classes, colours.numbers)
    scatter("map-beside", pack(space.points, turned.xy, *look_of, reports=False, images=images))
    shared = _alike(space, there)
    apart = turned.alignment.disparity if turned.alignment is not None else 1.0
    chance = K / (len(space.z) - 1)
    st.caption(
        f"Aligned with the first map, it has {1 - apart:.0%} of that map's variance in common. In the spaces "
        f"themselves an example has **{shared:.0%}** of its {K} nearest neighbours in common; by chance {chance:.1%}."
    )


@remember(16, "Comparing the neighbours …")
def _alike(space: Space, other: Space) -> float:
    """The share of the nearest neighbours that examples have in common in two spaces, of at most 2,000 examples."""
    rows = np.random.default_rng(0).permutation(len(space.z))[:2_000]
    return float(overlap(compared(space)[rows], compared(other)[rows], K).mean()) if len(rows) > K + 1 else 1.0
