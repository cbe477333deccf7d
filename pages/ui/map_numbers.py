"""What a map is worth in numbers: how far to trust it, how the classes lie, which examples are typical of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.clusters import Centroids, Clusters, Scores, Typical, centroids, cluster, purity, silhouette
from latentlab.analysis.clusters import typical as typical_of
from latentlab.analysis.faithfulness import Faithfulness, faithfulness, overlap
from latentlab.runs import Run
from pages.ui.pictures import sheet
from pages.ui.spaces import Space

K = 15  # neighbours
TYPICAL = 6  # examples of a class, from the middle and from the edge


def trust(seen: Space, xy: NDArray[np.float32], layout: str) -> None:
    """Trustworthiness, continuity and overlap of the map, beside their values for no map and for no structure."""
    found = _faithfulness(seen.name, layout, seen.z, np.ascontiguousarray(xy))
    if found is None:
        st.caption("There are too few examples to judge a map by.")
        return
    measures = {
        "trustworthiness": "trustworthiness: are neighbours on the map real?",
        "continuity": "continuity: are real neighbours on the map?",
        "overlap": f"overlap of the {K} nearest",
    }
    maps = {"this map": found, "codes of no structure": found.gaussian, "no map at all": found.shuffled}
    rows = [{"of": text} | {of: getattr(it, name) for of, it in maps.items()} for name, text in measures.items()]
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name != "of"}
    st.dataframe(rows, hide_index=True, column_config=config, alt="How far to trust the map")
    st.caption(
        f"Over {found.n:,} of {len(seen.z):,} examples and {K} neighbours; 1 is perfect (Venna & Kaski 2001). “No "
        "structure” is a Gaussian of the same covariance, mapped by its own components; “no map” deals the places out "
        "at random. Colour the points by “kept neighbours” to see where the map fails."
    )


def classes(run: Run, seen: Space) -> None:
    """How the classes lie in the latent space, with the same numbers for shuffled labels."""
    try:
        with st.spinner("Measuring the clusters …"):
            outline, pure, where, groups, most = _numbers(seen.name, seen.z, seen.data.y.numpy(), len(run.classes))
    except ValueError as error:
        st.info(str(error))
        return
    named = (
        ("silhouette (-1 to 1)", outline.overall),
        (f"label purity of the {K} nearest", pure.overall),
        ("distance of two centroids, in spreads", where.separation),
        (f"k-means with {groups.n_clusters} clusters: adjusted Rand", groups.rand),
        ("k-means: normalised mutual information", groups.information),
    )
    rows = [
        {"of": name, "the classes": m.value, "shuffled labels": m.null, "± between shuffles": m.null_std}
        for name, m in named
    ]
    left, right = st.columns(2, gap="large")
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in rows[0] if name != "of"}
    left.dataframe(rows, hide_index=True, column_config=config, alt="How the classes lie, beside shuffled labels")
    each = [
        {"class": run.classes[c], "silhouette": s, "purity": p, "spread (σ)": r}
        for c, s, p, r in zip(where.classes, outline.by_class, pure.by_class, where.spread, strict=False)
    ]
    config = {name: st.column_config.NumberColumn(format="%.2f") for name in each[0] if name != "class"}
    right.dataframe(each, hide_index=True, column_config=config, height=214, alt="The same for each class")
    st.caption("All in the latent space, not on the map.")
    if len(run.shape) == 3:
        left, right = st.columns(2, gap="large")
        for place, table, title in ((left, most.prototypes, "Most typical"), (right, most.outliers, "Least typical")):
            with place:
                st.caption(f"{title} of each class, by the distance from its centroid")
                shown = table[:, :TYPICAL]
                sheet(seen.data.x.numpy()[shown.reshape(-1).clip(0)], TYPICAL, f"{title} examples of each class")


@st.cache_resource(max_entries=8, show_spinner="Finding the neighbours that the map keeps …")
def kept(name: str, layout: str, _z: NDArray[np.float32], _xy: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ARG001
    """(N,) the share of each example's nearest neighbours that are its neighbours on the map too."""
    return overlap(_z, _xy, min(K, len(_z) - 1)) if len(_z) > 1 else np.ones(1, np.float32)


@st.cache_resource(max_entries=8, show_spinner="Judging the map …")
def _faithfulness(name: str, layout: str, _z: NDArray[np.float32], _xy: NDArray[np.float32]) -> Faithfulness | None:  # noqa: ARG001
    return faithfulness(_z, _xy, K) if len(_z) > 2 * K + 1 else None


@st.cache_resource(max_entries=8, show_spinner=False)
def _numbers(
    name: str, _z: NDArray[np.float32], _y: NDArray[np.int64], n_classes: int  # noqa: ARG001
) -> tuple[Scores, Scores, Centroids, Clusters, Typical]:  # fmt: skip
    some: dict[str, Any] = {"z": _z, "y": _y}
    return (
        silhouette(**some), purity(**some, k=K), centroids(**some), cluster(**some, n_clusters=n_classes),
        typical_of(**some, n=TYPICAL),
    )  # fmt: skip
