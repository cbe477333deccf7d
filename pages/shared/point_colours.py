"""What can colour the points of a space on the page, and its parts that take a while, kept."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.latent.density import log_density
from latentlab.analysis.maps.clusters import Clustering, Clusters, cluster
from latentlab.analysis.maps.colourings import (
    ByClass,
    ByNumber,
    Coloured,
    Colouring,
    OnMap,
    by_column,
    by_factor,
    of_clusters,
)
from latentlab.analysis.maps.trustworthiness import overlap
from pages.components import digest
from pages.components.scatter import Click
from pages.shared.classifier import classifier_run
from pages.shared.per_example import columns, other_columns, predicted_classes, term_names, terms, unit
from pages.shared.remember import remember
from pages.shared.spaces import Source, Space, compared, distances

Floats = NDArray[np.float32]

K = 15  # neighbours
MOST_NUMBERS = 100  # of a vector that can colour


def colourings(space: Space) -> dict[str, Colouring]:
    """Name -> what can colour the points of a space, their classes first."""
    of = space.of
    found: list[Colouring | None] = [ByClass("class")]
    if of.run is not None and classifier_run(of.run) is not None:
        found.append(ByClass("predicted class", lambda: _predicted(space)))
    found.append(ByClass("k-means cluster", lambda: of_clusters(_k_means(space))))
    found += [ByNumber(name, unit(of, name), partial(_term, of, name)) for name in term_names(of)]
    made = space.data.factors
    found += [by_factor(made, k) for k in range(len(made.names))] if made is not None else []
    found += [by_column(f"column: {name}", values) for name, values in other_columns(of, made).items()]
    found += [by_column(f"number: {name}", values) for name, values in named_numbers(space).items()]
    if len(space.z) > 2 * K + 1:
        found.append(ByNumber("log density", "nats", lambda _: _dense(space)))
        found.append(ByNumber("neighbour overlap", "share", lambda on: _neighbour_overlap(space, digest(on.xy), on.xy)))
    found.append(
        ByNumber(
            "distance from the click", of.unit, lambda on: distances(space, on.clicked or 0),
            "distance from the first example",
        )
    )  # fmt: skip
    return {colouring.name: colouring for colouring in found if colouring is not None}


def named_numbers(space: Space) -> dict[str, Floats]:
    """Name -> (N,): the numbers of the examples that have names, at most `MOST_NUMBERS`, as they were given."""
    names = space.data.names if len(space.data.shape) == 1 else ()
    return {name: space.examples.own[:, k].numpy() for k, name in enumerate(names[:MOST_NUMBERS])}


def uncoloured(space: Space) -> list[str]:
    """The columns that have too many different words to colour the points."""
    return [name for name, values in columns(space.of).items() if by_column(name, values) is None]


def coloured(space: Space, by: str, xy: Floats, click: Click | None) -> Coloured:
    """The colours of a map of a space, by the name of one of its `colourings`."""
    clicked = click.point if click is not None else None
    return colourings(space)[by].colour(_plain(space), OnMap(xy, clicked))


def _n_groups(space: Space) -> int:
    """How many clusters to look for: as many as there are classes."""
    return min(len(space.z), len(space.data.classes) or 10)


def _term(source: Source, name: str, on: OnMap) -> Floats:  # noqa: ARG001 wherever they lie
    return terms(source)[name]


def _plain(space: Space) -> Coloured:
    return Coloured(space.data.y.numpy(), space.data.classes)


def _predicted(space: Space) -> Coloured:
    predicted = predicted_classes(space.of)
    return Coloured(predicted, space.data.classes) if predicted is not None else _plain(space)


def _k_means(space: Space) -> NDArray[np.int64]:
    return grouped(space).found


@remember(8, "Comparing neighbours in the space and on the map …")
def _neighbour_overlap(space: Space, layout: str, _xy: Floats) -> Floats:  # noqa: ARG001
    """(N,) the share of each example's nearest neighbours that are its neighbours on the map too."""
    return overlap(compared(space), _xy, K)


@remember(8, "Looking for clusters …")
def grouped(space: Space, method: Clustering = "kmeans") -> Clusters:
    """Groups found without the labels, by k-means or HDBSCAN, and how they agree with them."""
    return cluster(compared(space), space.data.y.numpy(), method, _n_groups(space))


@remember(8, "Estimating the density of the points …")
def _dense(space: Space) -> Floats:
    return log_density(compared(space), K)
