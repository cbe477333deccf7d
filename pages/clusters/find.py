"""Examples that are found on the map: by words of the user's columns, or as the least typical ones."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.maps.colourings import with_unit
from latentlab.analysis.maps.outliers import Outliers
from latentlab.analysis.maps.outliers import outliers as outliers_of
from pages.components.scatter import pick
from pages.shared.downloads import download
from pages.shared.example_table import distinct, identity, others, table_csv
from pages.shared.find_example import found_by, words
from pages.shared.point_colours import K
from pages.shared.remember import remember
from pages.shared.spaces import Floats, Space, with_metric

LISTED = 20  # of the least typical examples
HEIGHT = 250  # pixels of their list, so that the one that is picked stays in sight below it
FEW = 6  # rows that take no more
MOST = 20_000  # examples whose neighbours are all looked for while one waits
ABOUT = "A list of those that are farthest from their neighbours; a row that is chosen is picked on the map"


def find(space: Space) -> NDArray[np.int64]:
    """A field that selects on the map what has some words in the user's columns, or in the name of its class.

    Returns those that were found, the best first; a single one is clicked, too.
    """
    text = words("find", linked=True) if space.examples.columns else ""
    if not text:
        return np.empty(0, np.int64)
    found = found_by(space, text)
    many = "have these words; they are selected" if len(found) > 1 else "has these words; it is selected and clicked"
    st.caption(f"{len(found):,} of {len(space.z):,} {many}." if len(found) else "No example has these words.")
    pick("find", space.points, found)
    return found


def outliers(space: Space, row: DeltaGenerator) -> None:
    """The least typical examples as a list, if a row of controls says so; one that is chosen is clicked on the map."""
    if not row.toggle("Least typical examples", key="outliers", bind="query-params", help=ABOUT):
        return
    if not 1 < len(space.z) <= MOST:
        st.caption(f"The least typical examples are looked for among 2 to {MOST:,}, not {len(space.z):,}.")
        return
    found = _outliers(space)
    far, measured, ids = found.distance, with_unit("mean distance", space.of.unit), found.order[:LISTED]
    first, *rest = identity(space, ids)
    event = st.dataframe(
        distinct([first, (measured, far[ids]), *rest, *others(space, ids)]),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"least typical {space.name}",
        height=HEIGHT if len(ids) > FEW else "auto",
        alt="The least typical examples, the farthest from their neighbours first",
    )
    if chosen := event.selection.rows:
        pick("outlier", space.points, ids[chosen[:1]], selects=False)
    st.caption(
        f"The {len(ids)} that are farthest from their {found.k} nearest neighbours on average, in the space itself. "
        "Choose a row to see it on the map."
    )
    download("All, as CSV", lambda: _csv(space, found.order, measured, far), "least-typical.csv")


@remember(4, "Looking for the least typical examples …")
def _outliers(space: Space) -> Outliers:
    z, metric = with_metric(space)
    return outliers_of(z, K, metric)


def _csv(space: Space, ids: NDArray[np.int64], measured: str, far: Floats) -> str:
    return table_csv(distinct([*identity(space, ids), (measured, far[ids]), *others(space, ids)]))
