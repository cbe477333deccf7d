"""Another map of the same examples beside the first, turned to lie on it: another model, layer or moment."""

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
from pages.shared.spaces import Source, Space, space


def steadied(seen: Space, laid: Layout, wanted: Wanted) -> Layout:
    """The map of a moment of a training turned to lie on that of its end, so that what moves is the space."""
    if seen.of.epoch is None or laid.axes is None:
        return laid
    end = lay_out(space(seen.of.at(None)), wanted)
    return laid.onto(end.xy) if end is not None else laid


def beside(seen: Space, laid: Layout, other: Source, wanted: Wanted, colours: Coloured, sprite_id: str | None) -> None:
    """Draw the other map; what is hovered, clicked or selected on one is on both."""
    there = space(other)
    if there.points != seen.points:
        st.info("The other run keeps other examples, and its data set is not on this machine: nothing to lay beside.")
        return
    found = lay_out(there, wanted)
    if found is None:
        return
    turned = found.onto(laid.xy)
    look_of = (colours.labels, colours.classes, look().classes, colours.numbers)
    scatter("map-beside", pack(seen.points, turned.xy, *look_of, sprite_id, tells=False))
    shared = _alike(seen, there)
    apart = turned.alignment.disparity if turned.alignment is not None else 1.0
    chance = K / (len(seen.z) - 1)
    st.caption(
        f"Turned to lie on the first map, it has {1 - apart:.0%} of that map's variance in common. In the spaces "
        f"themselves an example has **{shared:.0%}** of its {K} nearest neighbours in common; by chance {chance:.1%}."
    )


@remember(16, "Comparing the neighbours …")
def _alike(seen: Space, other: Space) -> float:
    """The share of the nearest neighbours that examples have in common in two spaces, of at most 2,000 examples."""
    rows = np.random.default_rng(0).permutation(len(seen.z))[:2_000]
    return float(overlap(seen.z[rows], other.z[rows], K).mean()) if len(rows) > K + 1 else 1.0
