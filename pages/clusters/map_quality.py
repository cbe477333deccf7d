"""The quality of a map in numbers: trustworthiness, how the classes lie, which examples are typical of them."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.maps.clusters import (
    Centroids,
    ClassScores,
    Clustering,
    Clusters,
    Purity,
    Typical,
    centroids,
    purity,
    silhouette,
)
from latentlab.analysis.maps.clusters import typical as typical_of
from latentlab.analysis.maps.colourings import with_unit
from latentlab.analysis.maps.trustworthiness import Faithfulness, faithfulness
from latentlab.analysis.verdict import of_classes
from latentlab.figures.maps.charts import gaps, overlaps
from pages.components import digest
from pages.shared.example_table import example_table
from pages.shared.example_view import examples, has_picture
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.metric import about_scale
from pages.shared.point_colours import K, grouped
from pages.shared.remember import remember
from pages.shared.spaces import Space, compared
from pages.shared.text import plain

TYPICAL = 6  # examples of a class, from the middle and from the edge
FINDERS: dict[str, Clustering] = {"k-means": "kmeans", "HDBSCAN": "hdbscan"}


def trust(space: Space, xy: NDArray[np.float32]) -> None:
    """Trustworthiness, continuity and overlap of the map, with their nulls for no map and for no structure."""
    found = _faithfulness(space, digest(xy), xy)
    if found is None:
        st.caption("There are too few examples to measure the quality of a map.")
        return
    measures = {
        "trustworthiness": "trustworthiness: are neighbours on the map real?",
        "continuity": "continuity: are real neighbours on the map?",
        "overlap": f"neighbour overlap of the {K} nearest",
    }
    maps = {"this map": found, "codes of no structure": found.gaussian, "no map at all": found.shuffled}
    rows = [{"of": text} | {of: getattr(it, name) for of, it in maps.items()} for name, text in measures.items()]
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name != "of"}
    st.dataframe(rows, hide_index=True, column_config=config, alt="How far to trust the map")
    st.caption(
        f"Over {found.n:,} of {len(space.z):,} examples and {K} neighbours; 1 is perfect (Venna & Kaski 2001). “No "
        "structure” is a Gaussian of the same covariance, mapped by its own components; “no map” permutes the "
        "positions at random. Colour the points by “neighbour overlap” to see where the map fails."
    )


def classes(space: Space) -> None:
    """How the classes and the clusters lie, with the same numbers for shuffled labels."""
    how = linked_choice("Clusters by", list(FINDERS), "k-means", "finder")
    try:
        groups = grouped(space, FINDERS[how])
    except ValueError as error:
        st.info(plain(str(error)))
        return
    said = f"{groups.n_clusters} clusters" + (
        f", {groups.noise:.0%} of the examples in no cluster" if groups.noise else ""
    )
    st.markdown(f"**{how}** finds {said}.")
    try:
        with st.spinner("Measuring the classes …"):
            measured = _numbers(space)
    except ValueError as error:
        st.info(f"The classes can't be measured. {error}")
        return
    _class_tables(space, how, groups, measured)


def _class_tables(
    space: Space, how: str, groups: Clusters, measured: tuple[ClassScores, Purity, Centroids, Typical]
) -> None:
    outline, pure, where, most = measured
    names = [space.data.classes[c] for c in where.classes]
    if verdict := f"{plain(of_classes(pure, names))} {about_scale(space)}".strip():
        st.markdown(f"**{verdict}**")
    named = (
        ("silhouette (-1 to 1)", outline.overall),
        (f"label purity of the {K} nearest", pure.overall),
        ("distance of two centroids, in RMS radii", where.separation),
        (f"{how}: adjusted Rand", groups.rand),
        (f"{how}: normalised mutual information", groups.information),
    )
    rows = [{"of": name, "the classes": m.value, "shuffled labels": m.null, "±": m.null_std} for name, m in named]
    left, right = st.columns(2, gap="large")
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name != "of"}
    left.dataframe(
        rows, hide_index=True, column_config=config, alt="How the classes lie, compared with shuffled labels"
    )
    radius, gap = (with_unit(name, space.of.unit) for name in ("RMS radius", "distance"))
    others = np.where(np.eye(len(names)) == 1, -1, pure.shares)
    each = [
        {
            "class": name, "silhouette": s, "purity": p, radius: r, "overlaps most with": names[near.argmax()],
            "share of its neighbours": near.max(),
        }
        for name, s, p, r, near in zip(names, outline.by_class, pure.by_class, where.rms_radius, others, strict=True)
    ]  # fmt: skip
    config = {name: st.column_config.NumberColumn(format="%.2f") for name in ("silhouette", "purity")}
    config[radius] = st.column_config.NumberColumn(format="%.3g")
    config["share of its neighbours"] = st.column_config.NumberColumn(format="percent")
    left.dataframe(each, hide_index=True, column_config=config, alt="The same for each class")
    figure(overlaps(pure.shares, names, look()), "Of which other class the neighbours of a class are", place=right)
    figure(gaps(where.distances, names, look(), gap), "Distances between the centroids of the classes", place=right)
    st.caption(
        f"All in the space itself, not on the map. A row of the upper figure says of which other classes the {K} "
        "nearest neighbours of its examples are. ± is the standard deviation over shuffles of the labels; the RMS "
        "radius of a class is the root mean square distance of its examples from their centroid."
    )
    left, right = st.columns(2, gap="large")
    for place, table, title in ((left, most.prototypes, "Most typical"), (right, most.outliers, "Least typical")):
        with place:
            st.caption(f"{title} of each class, by the distance from its centroid")
            shown, alt = table[:, :TYPICAL].reshape(-1), f"{title} examples of each class"
            if has_picture(space):
                examples(space, shown, TYPICAL, alt)
            else:
                example_table(space, shown[shown >= 0], alt, {})


@remember(8, "Measuring the map …")
def _faithfulness(space: Space, layout: str, _xy: NDArray[np.float32]) -> Faithfulness | None:  # noqa: ARG001
    return faithfulness(compared(space), _xy, K) if len(space.z) > 2 * K + 1 else None


@remember(8)
def _numbers(space: Space) -> tuple[ClassScores, Purity, Centroids, Typical]:
    z, y = compared(space), space.data.y.numpy()
    return silhouette(z, y), purity(z, y, K), centroids(z, y), typical_of(z, y, TYPICAL)
