"""The layout of a map: along directions at once, UMAP and t-SNE when the background process has computed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.latent.axes import Axes
from latentlab.analysis.maps.layout_cache import LayoutCache, project_or_find
from latentlab.analysis.maps.procrustes import Alignment, procrustes
from latentlab.analysis.maps.projection import FULL_QUALITY, Projection, TsneKnobs, UmapKnobs, project
from latentlab.jobs.background import report
from latentlab.knobs import KnobError, knobs
from pages.shared import url_state
from pages.shared.background import Waiting, background, reason, run_task, show_tasks
from pages.shared.directions import all_directions, along, components
from pages.shared.knob_form import knob_form
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.spaces import EUCLIDEAN, Source, Space, compared, with_metric
from pages.shared.visit import Slot

Floats = NDArray[np.float32]

METHOD: Slot[str] = Slot("method")  # the widget that chooses the method
METHODS = {"PCA": "pca", "UMAP": "umap", "t-SNE": "tsne", "Directions": "pca"}
NAMES = {"umap": "UMAP", "tsne": "t-SNE"}
NO_MAP = "There is no such map"
WARM = 64  # codes that UMAP is compiled on
AROUND = 8  # codes that a place between them is the mean of


@dataclass(frozen=True)
class Wanted:
    """How a map is to be laid out: the method, the names of its two or three axes, and the knobs of what has none."""

    method: str
    axes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    dim: int = 2


@dataclass(frozen=True)
class Layout:
    """Where the points of a space lie.

    Attributes:
        xy: (N, 2 or 3).
        axes: what the coordinates mean; None where they mean nothing.
        exact: whether a code follows from a place; of components of vectors that were scaled first it doesn't.
        alignment: how the map was turned to lie on another.
    """

    xy: Floats
    axes: Axes | None = None
    exact: bool = True
    alignment: Alignment | None = None

    def onto(self, other: Floats) -> Layout:
        """The same map, turned and scaled to lie on another of the same points."""
        found = procrustes(other, self.xy)
        return replace(self, xy=found.xy, alignment=found)

    def code(self, space: Space, place: tuple[float, float]) -> tuple[Floats, str]:
        """The code of a place of the map, and how it was found."""
        if self.axes is None or not self.exact:
            return _between(space.z, self.xy, place), "the mean of those around it on the map"
        at = self.alignment.undo(place) if self.alignment is not None else place
        return self.axes.code(at), "exact" + (", all other dimensions at their mean" if space.z.shape[1] > 2 else "")


def choose_layout(source: Source, under: DeltaGenerator, more: DeltaGenerator) -> Wanted:
    """Choose the method and its settings: three dimensions under the map, what is rare behind "More"."""
    method = linked_choice("Map", list(METHODS), default="PCA", key=METHOD.name)
    options = list(all_directions(source)) if method == "Directions" else axis_names(source)
    deep = len(options) > 2 and under.toggle("3-D", key="deep", bind="query-params")
    if method in ("UMAP", "t-SNE"):
        return Wanted(method, settings=_settings(method, more), dim=3 if deep else 2)
    places = st.columns(3 if deep else 2)
    key = f"{method} {source.dataset} {source.run.id if source.run else ''} {source.layer}"
    said, chosen = partial(name_with_share, source), []
    for k, (place, title) in enumerate(zip(places, ("Across", "Up", "Depth"), strict=False)):
        usual = options[min(k, len(options) - 1)]
        requested = url_state.read(title.lower())  # of the other kind of axes where the map was another
        first = options.index(requested if requested in options else usual)
        axis: Slot[str] = Slot(f"{title} {key}")
        axis.settle(options, usual)  # its name has a share of the variance, which is of what is mapped
        chosen.append(place.selectbox(title, options, first, said, axis.name))
        url_state.write(title.lower(), chosen[k] if chosen[k] != usual else None)
    return Wanted(method, tuple(chosen), dim=len(chosen))


def lay_out(space: Space, wanted: Wanted) -> Layout | None:
    """The map; None while the background process computes it, with its progress on the page."""
    if wanted.method in ("UMAP", "t-SNE"):
        found = _projected(space, METHODS[wanted.method], wanted.settings | {"n_components": wanted.dim})
        return Layout(found.xy) if found is not None else None
    return along_axes(space, wanted.axes) if wanted.dim == 2 else Layout(coordinates(space, wanted.axes))


def components_meanwhile(space: Space) -> Layout:
    """The first two principal components, until another map has come."""
    return along_axes(space, ())


def along_axes(space: Space, names: Sequence[str]) -> Layout:
    """The map along the first two of some components or directions; the first components for names of neither."""
    source = space.of
    pcs = axis_names(source)
    across, up = names[:2] if len(names) > 1 else (pcs[0], pcs[min(1, len(pcs) - 1)])
    if across not in pcs and {across, up} <= set(all_directions(source)):
        axes = along(source, across, up)
        return Layout(axes.project(space.z), axes)
    order = [pcs.index(name) if name in pcs else min(k, len(pcs) - 1) for k, name in enumerate((across, up))]
    axes = components(source).axes((order[0], order[1]))
    return Layout(axes.project(compared(space)), axes, exact=source.metric == EUCLIDEAN)


def coordinates(space: Space, names: Sequence[str]) -> Floats:
    """(N, k) along any number of principal components or directions."""
    pcs = axis_names(space.of)
    if names[0] in pcs:
        return components(space.of).project(compared(space))[:, [pcs.index(name) for name in names]]
    known = all_directions(space.of)
    return np.stack([space.z @ known[name] for name in names], 1)


def axis_names(source: Source) -> list[str]:
    """PC1, PC2, … of a space."""
    return [f"PC{k + 1}" for k in range(len(components(source).share))]


def name_with_share(source: Source, name: str) -> str:
    """The name of an axis; of a principal component, with its share of the variance."""
    pcs = axis_names(source)
    return f"{name} ({components(source).share[pcs.index(name)]:.0%})" if name in pcs else name


def warm_up() -> None:
    """Have the background process compile UMAP before a map is requested."""
    codes = np.random.default_rng(0).normal(size=(WARM, 4)).astype(np.float32)
    background().submit("warm", project, codes, "umap")


def _settings(method: str, more: DeltaGenerator) -> dict[str, Any]:
    """The knobs of UMAP or t-SNE: the most important ones visible, the others behind "More"."""
    declared = [one for one in knobs(UmapKnobs if method == "UMAP" else TsneKnobs) if one.name != "metric"]
    in_sight, rest = (declared[:2], declared[2:]) if method == "UMAP" else (declared[:1], declared[1:])
    with st.container(horizontal=True):
        chosen = knob_form(in_sight, method, {}, linked=True)
    with more:
        full = "four times as long, with umap-learn's own start and number of epochs"
        if method == "UMAP" and st.toggle("Full quality", key="full", bind="query-params", help=full):
            chosen |= FULL_QUALITY
            rest = [knob for knob in rest if knob.name not in FULL_QUALITY]
        chosen |= knob_form(rest, method, {}, linked=True)
        chosen["seed"] = int(st.number_input("Seed", 0, 2**31 - 1, 0, key=f"{method}-seed", bind="query-params"))
    return chosen


def _projected(space: Space, method: str, settings: dict[str, Any]) -> Projection | None:
    z, metric = with_metric(space)
    settings = settings | {"metric": metric}
    key = f"{method} {space.name} {sorted(settings.items())}"
    try:
        kept = _kept(key, z, method, settings)
    except (KnobError, ValueError, RuntimeError) as error:
        st.error(f"{NO_MAP}: {reason(error)}")
        return None
    if kept is not None:
        return kept
    task = run_task(key, partial(project_or_find, LayoutCache.default(), z, method, progress=report, **settings))
    if task.result is None:
        text = f"{NAMES[method]} lays out {len(space.z):,} codes"
        until_then = "Until then these are the principal components."
        show_tasks([task], Waiting(text, until_then, partial(METHOD.set, "PCA")), NO_MAP)
    return task.result


@remember(32)
def _kept(key: str, _z: Floats, method: str, settings: dict[str, Any]) -> Projection | None:  # noqa: ARG001
    """The map if it is in the layout cache: then it need not wait for the background process."""
    return LayoutCache.default().find(_z, method, **settings)


def _between(z: Floats, xy: Floats, place: tuple[float, float]) -> Floats:
    """A code for an empty place: the mean of those of its neighbours on the map, weighted by nearness."""
    far = np.linalg.norm(xy - np.asarray(place, np.float32), axis=1)
    near = far.argsort()[:AROUND]
    weight = 1 / np.maximum(far[near], 1e-6)
    code: Floats = (weight @ z[near] / weight.sum()).astype(np.float32)
    return code
