"""Clusters: a map of the codes, with the example of each point and decoded points between them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from latentlab.analysis.maps.colourings import MOST_CLASSES
from latentlab.subjects import Subject
from pages.clusters.choose_space import choose_other, choose_source, play, title_of
from pages.clusters.find import find, outliers
from pages.clusters.layout import (
    choose_layout,
    components_meanwhile,
    lay_out,
    name_with_share,
    warm_up,
)
from pages.clusters.map_quality import classes, trust
from pages.clusters.picked import MAP, keep_picked, picked_before
from pages.clusters.second_map import aligned_with_end, draw_second_map
from pages.clusters.selected import clicked, mark_neighbours, selection
from pages.components.scatter import pack, scatter
from pages.navigation import CLUSTERS
from pages.shared.header import header, look, notes
from pages.shared.linked_choice import link_renamed
from pages.shared.metric import about_metric, choose_metric, offer_scale
from pages.shared.point_colours import coloured, colourings, uncoloured
from pages.shared.spaces import Floats, Space, load_space
from pages.shared.sprites import send_sprites
from pages.shared.tabs import tabs
from pages.shared.text import plain


@st.fragment
def the_map(subject: Subject) -> None:
    """The map, its controls, and what is picked on it."""
    picture, controls = st.columns([3, 1], gap="medium")
    with picture:
        maps = st.container()
        under = st.container(horizontal=True, vertical_alignment="center")
    with controls:
        placing, colouring = st.container(), st.container()
        row = st.container(horizontal=True, vertical_alignment="center")
        more = row.popover("More", icon=":material/tune:", width="stretch")
        result = st.container(gap="small")
    source = choose_source(subject, more, under)
    playing = under.container(width="content")
    with more:
        source = replace(source, metric=choose_metric(source))
    with placing:
        wanted = choose_layout(source, under, more)
    space = load_space(source)
    with colouring:
        link_renamed("colour", {"kept neighbours": "neighbour overlap"})
        with st.container(horizontal=True):
            by = st.selectbox("Colour", list(colourings(space)), key="colour", bind="query-params")
            other = choose_other(space) if wanted.dim == 2 else None
        say_what_does_not_colour(space)
        if said := about_metric(source.metric, wanted.method):
            st.caption(said)
        offer_scale(space)
    images = space.is_image and under.toggle("Images as points", key="images", bind="query-params")
    with picture:
        layout = lay_out(space, wanted)
        if space.n_units > space.z.shape[1]:
            st.caption(f"The layer is wide: {space.z.shape[1]:,} of its {space.n_units:,} units, taken at random.")
    with playing:
        play(source, ready=layout is not None)
    laid = aligned_with_end(space, layout, wanted) if layout is not None else components_meanwhile(space)
    first, before = picked_before(space)
    shown = coloured(space, by, laid.xy, before.click)
    of_look = (shown.labels, shown.classes, look().classes, shown.numbers)
    names = [name_with_share(space.of, name) for name in wanted.axes] if laid.xy.shape[1] > 2 else []
    data = pack(space.points, laid.xy, *of_look, picked=first, axes=names, images=images)
    with maps:
        found = find(space)
        places = st.columns(2) if other is not None else [st.container()]
        with places[0]:
            if other is not None:
                st.caption(f"**{title_of(source)}**")
            picked = scatter(MAP.name, data, first)
        keep_picked(space, picked)
        if other is not None:
            with places[1]:
                st.caption(f"**{title_of(other)}**")
                draw_second_map(space, laid, other, wanted, shown, images)
    with result:
        outliers(space, row)
        clicked(space, laid, picked.on(data.layout))
    below, unseen = st.container(), st.container()
    with unseen:  # sent before what takes longer
        send_sprites(space)
        mark_neighbours(space, picked.click)
    with below:
        details(space, laid.xy, lambda: selection(space, laid.xy, picked.selected, shown, found))


def say_what_does_not_colour(space: Space) -> None:
    """Name the columns that have too many words."""
    if left_out := uncoloured(space):
        words = plain(", ".join(left_out))
        st.caption(f"Too many different words to colour by, more than {MOST_CLASSES}: {words}. Search them instead.")


def details(space: Space, places: Floats, selected: Callable[[], object]) -> None:
    """Below a map: what is selected on it, how far to trust it, and how the classes lie."""
    tabs(
        {
            "Selection": selected,
            "How far to trust it": partial(trust, space, places),
            "Classes": partial(classes, space),
        }
    )


subject = header(CLUSTERS)
if subject is None:
    st.stop()
warm_up()
the_map(subject)
HOW = (
    "along principal components, along directions of your choice, or as UMAP or t-SNE lay it out. Colour and shape "
    "mean class, or colour a number. Hover to see the example; click for its"
)
MODEL = (
    f"Each point is an example, placed by its code: {HOW} reconstruction and its neighbours.",
    "Click between two clusters: the place is decoded. Colour by loss and look at the worst. Draw a lasso around the "
    "points of one class that lie in another. Play the snapshots: the space forms. Compare two of them.",
)
DATA = (
    f"Each point is an example, placed by its numbers: {HOW} neighbours.",
    "Click a point: what do its neighbours have in common? Colour by something else than the class. Draw a lasso "
    "around what lies apart, or around points of one class that lie in another. Look at the least typical examples.",
)
notes(
    *(MODEL if subject.has() else DATA),
    "Principal components are the directions of largest variance (Hotelling 1933); two of them show the share of the "
    "variance that their names state, so points that look close may be far apart in the others. UMAP (McInnes, Healy "
    "& Melville 2018) and t-SNE (van der Maaten & Hinton 2008) keep neighbours and little else: the size of a cluster "
    "and the distance of two mean nothing there. Neighbours are always looked up in the space itself.",
)
