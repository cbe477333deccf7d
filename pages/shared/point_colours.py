"""What colours the points of a map: a class, or a number for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.latent.density import log_density
from latentlab.analysis.maps.clusters import Clusters, cluster
from latentlab.analysis.maps.trustworthiness import overlap
from latentlab.data.files.arrays import Values
from pages.components.scatter import Click, Colouring, digest
from pages.shared.classifier import judge
from pages.shared.spaces import Space, columns, judged, length, term_names, terms, unit

Floats = NDArray[np.float32]

CLASS, JUDGED, GROUP = "class", "predicted class", "k-means cluster"
KEPT = "kept neighbours"  # the share of its nearest that a point keeps on the map
DENSE = "log density"  # nats
FAR = "distance from the click"  # in the space, in its units
COLUMN = "column: "  # before the name of one of the user's own
MOST_CLASSES = 50
K = 15  # neighbours


@dataclass(frozen=True)
class Coloured:
    """The class of each point, by which it has its shape too; and the number that colours it instead, if any."""

    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    colouring: Colouring | None = None


def colours(seen: Space) -> list[str]:
    """What can colour the points of a space."""
    told = [JUDGED] if seen.of.run is not None and judge(seen.of.run) is not None else []
    near = [DENSE, KEPT] if len(seen.z) > 2 * K + 1 else []
    own = [COLUMN + name for name, values in columns(seen.of).items() if _as_classes(values) or _is_number(values)]
    return [CLASS, *told, GROUP, *term_names(seen.of), *own, *near, FAR]


def coloured(seen: Space, by: str, xy: Floats, click: Click | None) -> Coloured:
    """The colours of a map of a space, by one of `colours`."""
    plain = Coloured(seen.data.y.numpy(), seen.data.classes)
    if by == JUDGED:
        told = judged(seen.of)
        return Coloured(told, seen.data.classes) if told is not None else plain
    if by == GROUP:
        found = grouped(seen.name, seen.z, seen.data.y.numpy(), n_groups(seen)).found
        return Coloured(found, tuple(f"cluster {k + 1}" for k in range(found.max() + 1)))
    if by.startswith(COLUMN):
        return _by_column(columns(seen.of)[by.removeprefix(COLUMN)], by, plain)
    values = _values(seen, by, xy, click)
    return Coloured(
        plain.labels, plain.classes, Colouring(_named(seen, by, click), values) if values is not None else None
    )


def with_unit(name: str, unit: str) -> str:
    """The name of a number as it stands beside its values."""
    return f"{name} ({unit})" if unit else name


def _named(seen: Space, by: str, click: Click | None) -> str:
    if by == FAR:
        clicked = click is not None and click.point is not None
        return with_unit(FAR if clicked else "distance from the first example", length(seen.of))
    return with_unit(by, {DENSE: "nats", KEPT: "share"}.get(by) or unit(seen.of, by))


def n_groups(seen: Space) -> int:
    """How many clusters to look for: as many as there are classes."""
    return min(len(seen.z), len(seen.data.classes) or 10)


def _is_number(values: Values) -> bool:
    return values.dtype.kind in "biuf"


def _as_classes(values: Values) -> bool:
    """Whether a column of text has so few different values that each can have a colour."""
    return not _is_number(values) and len(set(values.tolist())) <= MOST_CLASSES


def _by_column(values: Values, name: str, plain: Coloured) -> Coloured:
    if _is_number(values):
        return Coloured(plain.labels, plain.classes, Colouring(name, values.astype(np.float32)))
    known, index = np.unique(values.astype(str), return_inverse=True)
    return Coloured(index.astype(np.int64), tuple(known.tolist()))


def _values(seen: Space, by: str, xy: Floats, click: Click | None) -> Floats | None:
    if by == KEPT:
        return kept(seen.name, digest(xy), seen.z, xy)
    if by == DENSE:
        return _dense(seen.name, seen.z)
    if by == FAR:
        point = click.point if click is not None and click.point is not None else 0
        far: Floats = np.linalg.norm(seen.z - seen.z[point], axis=1)
        return far
    return terms(seen.of).get(by)


@st.cache_resource(max_entries=8, show_spinner="Finding the neighbours that the map keeps …")
def kept(name: str, layout: str, _z: Floats, _xy: Floats) -> Floats:  # noqa: ARG001
    """(N,) the share of each example's nearest neighbours that are its neighbours on the map too."""
    return overlap(_z, _xy, K)


@st.cache_resource(max_entries=8, show_spinner="Looking for clusters …")
def grouped(name: str, _z: Floats, _y: NDArray[np.int64], n_clusters: int, method: str = "kmeans") -> Clusters:  # noqa: ARG001
    """Groups found without the labels, by k-means or HDBSCAN, and how they agree with them."""
    return cluster(_z, _y, "hdbscan" if method == "hdbscan" else "kmeans", n_clusters)


@st.cache_resource(max_entries=8, show_spinner="Measuring how dense the points lie …")
def _dense(name: str, _z: Floats) -> Floats:  # noqa: ARG001
    return log_density(_z, K)
