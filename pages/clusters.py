"""Clusters: a map of the codes, with what each point is and what lies between them."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.data import is_local
from latentlab.figures.maps import map_3d
from latentlab.models import Encodes
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.components.scatter import Colouring, digest, last_picked, pack, scatter
from pages.ui.diagnosis import judge
from pages.ui.header import header, look, notes
from pages.ui.layouts import choose_axes, umap, umap_settings, unprojected, warm_up
from pages.ui.map_detail import clicked, selection
from pages.ui.map_numbers import classes, kept, trust
from pages.ui.pictures import figure
from pages.ui.spaces import Space, judged, principal, send_sprites, space

TRUE_DISTANCE = "distance from the click"  # in the latent space, in σ
DETAILS = ("Selection", "How far to trust it", "Classes")
KEPT = "kept neighbours"  # the share of its nearest that a point keeps on the map
SIZES = {"500": 0, "2,000": 2_000, "10,000": 10_000}  # kept with the run, or the first so many of the test set


def coloured(
    run: Run, n: int, seen: Space, by: str, xy: NDArray[np.float32]
) -> tuple[NDArray[np.int64], Colouring | None]:
    """The class of each point, and the number that colours it, if any."""
    if by == "judge's class":
        return judged(run, n), None
    labels = seen.data.y.numpy()
    if by == KEPT:
        return labels, Colouring(by, kept(seen.name, digest(xy), seen.z, xy))
    if by == TRUE_DISTANCE:
        click = last_picked(f"map-{run.id}", len(labels)).click
        point = click.point if click is not None and click.point is not None else 0
        return labels, Colouring(by, np.linalg.norm(seen.z - seen.z[point], axis=1))
    return labels, Colouring(by, seen.terms[by]) if by in seen.terms else None


@st.fragment
def the_map(run: Run, sprite_id: str | None, n: int) -> None:
    """The map, its controls, and what is picked on it."""
    picture, controls = st.columns([2, 1], gap="large")
    seen = space(run, n)
    with controls:
        method = st.segmented_control(
            "Map", ["PCA", "UMAP", "Dimensions"], default="PCA", required=True, key="method", bind="query-params"
        )
        settings = umap_settings(run) if method == "UMAP" else {}
        pair = choose_axes(run, n, method) if method != "UMAP" else (0, 1)
        judged_too = ["judge's class"] if judge(run) is not None else []
        colours = ["class", *judged_too, *seen.terms, KEPT, TRUE_DISTANCE]
        by = st.selectbox("Colour", colours, key="colour", bind="query-params")
        deep = method != "UMAP" and seen.z.shape[1] > 2 and st.toggle("3-D", key="deep", bind="query-params")
    scores = seen.z if method == "Dimensions" else principal(run, n).project(seen.z)
    if method == "UMAP":
        with picture:
            found = umap(seen, settings)
        if found is None:
            method = "PCA"
        else:
            scores = found.xy
    flat = np.ascontiguousarray(scores[:, list(pair)])
    labels, colouring = coloured(run, n, seen, by, flat)
    if deep:
        with picture:
            three_dimensions(run, n, method, scores, labels)
        return
    data = pack(seen.name, flat, labels, run.classes, look().classes, colouring, sprite_id)
    with picture:
        picked = scatter(f"map-{run.id}", data, len(seen.data))
    with controls:
        clicked(run, seen, picked.click, lambda place: unprojected(run, n, method, pair, place, scores))
    chosen, trusted, numbers = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if chosen.open:
        with chosen:
            selection(run, seen, picked.selected)
    if trusted.open:
        with trusted:
            trust(seen, flat, digest(flat))
    if numbers.open:
        with numbers:
            classes(run, seen)


def three_dimensions(run: Run, n: int, method: str, scores: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    """The first three principal components, or the three dimensions that carry most."""
    order = [0, 1, 2] if method == "PCA" else [int(axis) for axis in cache.dimensions(run).order[:3]]
    share = principal(run, n).share
    names = [f"PC{k + 1} ({share[k]:.0%})" if method == "PCA" else f"z{k + 1}" for k in order]
    figure(map_3d(scores[:, order], labels, run.classes, names, look()), "The map in three dimensions, by class")
    if method == "PCA":
        st.caption(f"These three hold {share[:3].sum():.0%} of the variance.")


run = header("Clusters", Encodes, images=True)
if run is None:
    st.stop()
above, size = st.container(), "500"
if is_local(run.dataset) and run.dataset != "digits":
    size = st.segmented_control("Examples", list(SIZES), default="2,000", required=True, key="examples")
warm_up()
with above:
    the_map(run, send_sprites(run, SIZES[size]), SIZES[size])
notes(
    "Each point is a test example, placed by its code: along principal components, or along two dimensions. Colour and "
    "shape mean class, or colour a number. Hover to see the example; click for its reconstruction and its neighbours.",
    "Click between two clusters: the place is decoded. Colour by loss and look at the worst. Draw a lasso around the "
    "points of one class that lie in another, and look at them.",
    "Principal components are the directions of largest variance (Hotelling 1933); two of them show the share of the "
    "variance that their names state, so what looks close may be far apart in the others. Neighbours are therefore "
    "always looked up in the latent space itself.",
)
