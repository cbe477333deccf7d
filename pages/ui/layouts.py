"""Where the points of a map lie: principal components at once, UMAP when the helper process has it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.projection import FULL_QUALITY, Graph, Projection, UmapKnobs, project
from latentlab.background import Background
from latentlab.knobs import KnobError, knobs
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.knob_form import knob_form
from pages.ui.spaces import Space, principal, space

EVERY = 1.0  # seconds between two looks at the helper
WARM = 64  # codes that UMAP is compiled on


def choose_axes(run: Run, n: int, method: str) -> tuple[int, int]:
    """Choose the two directions of the map."""
    found, d = principal(run, n), len(cache.dimensions(run).order)
    count = len(found.components) if method == "PCA" else d
    names = [
        f"PC{k + 1} ({found.share[k]:.0%})" if method == "PCA" else f"z{k + 1}" for k in range(count)
    ]  # fmt: skip
    order = range(count) if method == "PCA" else [int(axis) for axis in cache.dimensions(run).order]
    options = list(order)
    across, up = st.columns(2)
    x = across.selectbox("Across", options, 0, names.__getitem__, key=f"across-{method}-{run.id}")
    y = up.selectbox("Up", options, min(1, count - 1), names.__getitem__, key=f"up-{method}-{run.id}")
    return x, y


def unprojected(
    run: Run, n: int, method: str, pair: tuple[int, int], place: tuple[float, float], xy: NDArray[np.float32]
) -> tuple[NDArray[np.float32], str]:
    """The code of a place of the map, and how it was found."""
    if method == "UMAP":
        return _between(space(run, n), xy, place), "a mean of the codes around it on the map"
    if method == "PCA":
        found = principal(run, n)
        code = found.mean + place[0] * found.components[pair[0]]
        return code + place[1] * found.components[pair[1]] * (pair[0] != pair[1]), "exact, the other components at 0"
    code = space(run, n).z.mean(0)
    code[list(pair)] = place
    return code, "exact, the other dimensions at their mean"


def umap_settings(run: Run) -> dict[str, Any]:
    """The knobs of UMAP, behind "More"; the first two in sight."""
    declared = knobs(UmapKnobs)
    chosen = knob_form(declared[:2], f"umap-{run.id}", {})
    with st.popover("More settings", width="stretch"):
        if st.toggle(
            "Full quality", key="full", help="umap-learn's own start and number of epochs: four times as long"
        ):
            chosen |= FULL_QUALITY
        else:
            chosen |= knob_form(declared[3:], f"umap-{run.id}", {})
        chosen |= knob_form(declared[2:3], f"umap-{run.id}", {})
        chosen["seed"] = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="umap-seed"))
    return chosen


def umap(seen: Space, settings: dict[str, Any]) -> Projection | None:
    """The map if it is there; else None, with its progress on the page."""
    graphs, metric = _graphs(), (seen.name, settings["metric"])
    graph = graphs.get(metric)
    if graph is not None and graph.index.shape[1] < settings["n_neighbors"] - 1:
        graph = None
    key = f"umap {seen.name} {sorted(settings.items())}"
    asked = background().ask(key, project, seen.z, "umap", graph=graph, **settings)
    if not asked.done():
        st.fragment(_wait, run_every=EVERY)(key, len(seen.z))
        return None
    try:
        found = asked.result()
    except (KnobError, ValueError, RuntimeError) as error:
        st.error(f"There is no such map: {str(error).partition(chr(10))[0]}")
        return None
    if found.graph is not None:
        graphs[metric] = found.graph
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def background() -> Background:
    """The helper process of this server."""
    return Background()


def warm_up() -> None:
    """Have the helper compile UMAP, before anyone asks for a map."""
    codes = np.random.default_rng(0).normal(size=(WARM, 4)).astype(np.float32)
    background().ask("warm", project, codes, "umap")


def _between(seen: Space, xy: NDArray[np.float32], place: tuple[float, float], k: int = 8) -> NDArray[np.float32]:
    """A code for an empty place: the mean of those of its k neighbours on the map, the nearer the heavier."""
    far = np.linalg.norm(xy - np.asarray(place, np.float32), axis=1)
    near = far.argsort()[:k]
    weight = 1 / np.maximum(far[near], 1e-6)
    code: NDArray[np.float32] = (weight @ seen.z[near] / weight.sum()).astype(np.float32)
    return code


def _wait(key: str, n: int) -> None:
    asked = background().asked(key)
    if asked is None or asked.done():
        st.rerun()
        return
    since = st.session_state.setdefault(f"since {key}", time.time())
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.info(
        f"UMAP lays out {n:,} codes: {time.time() - since:.0f} s so far. The first one takes half a minute to "
        "compile. Until then these are the principal components.",
        icon=":material/hourglass_top:",
    )
    right.button("Cancel", key="cancel", on_click=_cancel, args=(key,))


def _cancel(key: str) -> None:
    background().forget(key)
    st.session_state["method"] = "PCA"


@st.cache_resource(max_entries=1, show_spinner=False)
def _graphs() -> dict[tuple[str, str], Graph]:
    """The neighbours that the last maps rested on: another min_dist or seed needs no new ones."""
    return {}
