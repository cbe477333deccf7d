"""Clusters: a map of the codes, with the example of each point and decoded points between them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from latentlab.analysis.maps.colourings import MOST_CLASSES
from latentlab.figures.maps.charts import map_3d
from pages.clusters.choose_space import choose_other, choose_source
from pages.clusters.exports import exports
from pages.clusters.find import find, outliers
from pages.clusters.layout import (
    Wanted,
    about_metric,
    about_scale,
    choose_layout,
    choose_metric,
    components_meanwhile,
    coordinates,
    lay_out,
    name_with_share,
    warm_up,
)
from pages.clusters.map_quality import classes, trust
from pages.clusters.picked import MAP, keep_picked, picked_before
from pages.clusters.second_map import aligned_with_end, draw_second_map
from pages.clusters.selected import clicked, selection
from pages.components.scatter import pack, scatter
from pages.navigation import CLUSTERS
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.point_colours import coloured, colourings, uncoloured
from pages.shared.spaces import Floats, Source, Space, load_space
from pages.shared.sprites import send_sprites
from pages.shared.text import plain

DETAILS = ("Selection", "How far to trust it", "Classes")


@st.fragment
def the_map(source: Source, sprite_id: str | None) -> None:
    """The map, its controls, and what is picked on it."""
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        layout = st.container()
        source = replace(source, metric=choose_metric())
        with layout:
            wanted = choose_layout(source)
        space = load_space(source)
        if said := about_metric(source.metric, wanted.method) or about_scale(space):
            st.caption(said)
        by = st.selectbox("Colour", list(colourings(space)), key="colour", bind="query-params")
        if left_out := uncoloured(space):
            words = plain(", ".join(left_out))
            st.caption(
                f"Too many different words to colour by, more than {MOST_CLASSES}: {words}. Search them instead."
            )
    if len(wanted.axes) > 2:
        with controls:
            outliers(space)
        with picture:
            xyz = three_dimensions(space, wanted, by)
        details(space, xyz, lambda: not_selected(space, xyz))
        return
    with controls:
        other = choose_other(space)
    with picture:
        found = lay_out(space, wanted)
    laid = aligned_with_end(space, found, wanted) if found is not None else components_meanwhile(space)
    first, before = picked_before(space)
    shown = coloured(space, by, laid.xy, before.click)
    of_look = (shown.labels, shown.classes, look().classes, shown.numbers)
    data = pack(space.points, laid.xy, *of_look, sprite_id, picked=first)
    with picture:
        find(space)
        places = st.columns(2) if other is not None else [picture]
        with places[0]:
            picked = scatter(MAP.name, data, first)
        keep_picked(space, picked)
        if other is not None:
            with places[1]:
                draw_second_map(space, laid, other, wanted, shown, sprite_id)
        if space.n_units > space.z.shape[1]:
            st.caption(f"The layer is wide: {space.z.shape[1]:,} of its {space.n_units:,} units, taken at random.")
    with controls:
        outliers(space)
        clicked(space, laid, picked.on(data.layout))
    details(space, laid.xy, lambda: selection(space, laid.xy, picked.selected, shown))


def details(space: Space, places: Floats, selected: Callable[[], object]) -> None:
    """Below a map: what is selected on it, how far to trust it, and how the classes lie."""
    chosen, trusted, numbers = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if chosen.open:
        with chosen:
            selected()
    if trusted.open:
        with trusted:
            trust(space, places)
    if numbers.open:
        with numbers:
            classes(space)


def not_selected(space: Space, places: Floats) -> None:
    """What stands for the selection where none can be made."""
    st.caption("Examples are selected on a map of two dimensions: switch 3-D off. Or download all:")
    exports(space, places, np.arange(len(space.z)), "map")


def three_dimensions(space: Space, wanted: Wanted, by: str) -> Floats:
    """Draw the map along three axes; returns the places."""
    xyz = coordinates(space, wanted.axes)
    shown = coloured(space, by, xyz, None)
    names = [name_with_share(space.of, name) for name in wanted.axes]
    number = (shown.numbers.name, shown.numbers.values) if shown.numbers is not None else None
    drawn = map_3d(xyz, shown.labels, shown.classes, names, look(), number)
    figure(drawn, f"The map in three dimensions, by {by}")
    return xyz


subject = header(CLUSTERS)
if subject is None:
    st.stop()
warm_up()
what = choose_source(subject)
the_map(what, send_sprites(load_space(what)))
notes(
    "Each point is an example, placed by its code: along principal components, along directions of your choice, or as "
    "UMAP or t-SNE lay it out. Colour and shape mean class, or colour a number. Hover to see the example; click for "
    "its reconstruction and its neighbours.",
    "Click between two clusters: the place is decoded. Colour by loss and look at the worst. Draw a lasso around the "
    "points of one class that lie in another. Compare the untrained model with the trained one.",
    "Principal components are the directions of largest variance (Hotelling 1933); two of them show the share of the "
    "variance that their names state, so points that look close may be far apart in the others. UMAP (McInnes, Healy "
    "& Melville 2018) and t-SNE (van der Maaten & Hinton 2008) keep neighbours and little else: the size of a cluster "
    "and the distance of two mean nothing there. Neighbours are always looked up in the space itself.",
)
