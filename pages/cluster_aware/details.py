"""Closer looks: what labels add, the two predictions, and the clusters."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.stats import wilson
from latentlab.experiments import cluster_aware
from latentlab.experiments.cluster_aware import ClusterScore
from latentlab.experiments.score_tables import MISSING
from latentlab.figures.conditional.cluster_aware import against_labels, cluster_classes, predictions
from latentlab.subjects import Subject
from pages.cluster_aware.layers import draw_layers
from pages.cluster_aware.measured import cluster_names, errors, is_named, least_sure_first, predicted
from pages.shared import cached
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.text import plain

SOURCE = (
    "Reported are, of MNIST with the same number of labels, bounds of 5,000 draws of networks of 1,024 and 512 units "
    "(Maaløe, Fraccaro & Winther 2017, Tab. 1): −81.60 without labels, −81.47 with 20, −80.49 with 50, −79.38 with "
    "100; and an error of p(y|x) of 15.86, 2.42 and 1.16 % with 20, 50 and 100 (Tab. 2)."
)


def draw_labels(run: Subject) -> None:
    """What labels do to both layers, and the experiment that trains with 0, 20, 50 and 100 labels, over seeds."""
    draw_layers(run)
    _experiment()


def _experiment() -> None:
    scores = cluster_aware.TABLE.read()
    if not scores:
        st.info("The experiment has not been run yet; `python -m latentlab reproduce cagem` runs it.")
        return
    plain_ones = [score for score in scores if score.dataset == scores[0].dataset and not score.tempered]
    labels = sorted({score.labels for score in plain_ones})
    drawn = {"Bounds on log p(x), nats": against_labels(labels, _bounds(plain_ones, labels), "nats", look())}
    if named := [n for n in labels if n]:
        drawn["Test error, %"] = against_labels(named, _errors(plain_ones, named), "%", look())
    panels(drawn, f"{plain_ones[0].dataset}, against labels")
    rows = cluster_aware.table_rows(scores)
    if all(row["reported"] == MISSING for row in rows):
        rows = [{name: cell for name, cell in row.items() if name != "reported"} for row in rows]
    st.dataframe(rows, hide_index=True, alt="Cluster-aware models with 0, 20, 50 and 100 labels, over seeds")
    st.caption(
        "Mean ± standard deviation over as many seeds: `python -m latentlab reproduce cagem`. “Class term warmed up” "
        "tempers log p(y|z₂) − log q(y|z₁, x) like the KL of the layers, so that nothing makes z₂ carry the class "
        f"while it is free. {SOURCE}"
    )


def _bounds(scores: list[ClusterScore], labels: list[int]) -> list[tuple[str, NDArray[np.floating]]]:
    many = f"bound of {cluster_aware.N_DRAWS} draws"
    return [("ELBO (L₁)", _over(scores, labels, "bound", 1)), (many, _over(scores, labels, "weighted", 1))]


def _errors(scores: list[ClusterScore], labels: list[int]) -> list[tuple[str, NDArray[np.floating]]]:
    return [
        ("q(y|z₁, x)", _over(scores, labels, "error", 100)),
        ("p(y|x)", _over(scores, labels, "error_top", 100)),
    ]


def _over(scores: list[ClusterScore], labels: list[int], name: str, by: float) -> NDArray[np.floating]:
    """(labels, seeds) of a number; NaN for a seed that isn't there."""
    seeds = sorted({score.seed for score in scores})
    found = {(score.labels, score.seed): getattr(score, name) * by for score in scores}
    return np.array([[found.get((n, seed), np.nan) for seed in seeds] for n in labels], np.float64)


def draw_predictions(run: Subject) -> None:
    """Both predictions of one example, and over all examples that have a class."""
    found = predicted(run)
    order = least_sure_first(found)
    place = int(st.slider("Example", 1, len(order), 1, key=f"apart-{run.id}", bind="query-params",
                          help="Test examples, those first on which the two predictions differ most"))  # fmt: skip
    index = int(order[place - 1])
    names, y = cluster_names(run), int(found.y[index])
    picture, chart, table = st.columns([1, 3, 2], gap="medium")
    with picture:
        show(
            appearance_of(run), cached.examples(run)[index : index + 1].batch().x, 1, f"Example {index}", [f"#{index}"]
        )
        st.caption(f"Example #{index}" + (f", {plain(run.classes[y])}" if y >= 0 else ""))
    with chart:
        truth = y if is_named(run) else -1
        drawn = predictions(found.inferred[index], found.through_top[index], truth, names, look())
        figure(drawn, f"Both predictions of example {index}")
    with table:
        _over_all(run)


def _over_all(run: Subject) -> None:
    found, wrong = predicted(run), errors(run, predicted(run))
    same = float((found.inferred.argmax(1) == found.through_top.argmax(1)).mean())
    if wrong is not None:
        n = int((found.y >= 0).sum())
        rows = []
        for name, error in zip(("q(y|z₁, x)", "p(y|x)"), wrong, strict=True):
            band = wilson(error, n)
            rows.append({"prediction": name, "error (%)": f"{100 * error:.1f}",
                         "95 % interval": f"{100 * band.low:.1f} to {100 * band.high:.1f}"})  # fmt: skip
        st.dataframe(rows, hide_index=True, alt="The error of both predictions over the saved test examples")
    st.caption(
        f"The two name the same cluster for {same:.0%} of {len(found.y):,} test examples. p(y|x) = Σ_c q(c|z₁, x) "
        "p(y|z₂), z₂ ~ q(z₂|x, c, z₁): each cluster's own z₂ is given to p(y|z₂), here at the means of z₁ and z₂."
    )


def draw_clusters(run: Subject) -> None:
    """Which clusters are used, and by which classes."""
    found = predicted(run)
    if found.use is None:
        shares = zip(cluster_names(run), found.share, strict=True)
        used = [{"cluster": name, "examples": f"{part:.0%}"} for name, part in shares]
        st.dataframe(used, hide_index=True, alt="The share of the examples in each cluster")
        return
    chart, words = st.columns([2, 1], gap="large")
    with chart:
        drawn = cluster_classes(found.use, cluster_names(run), run.classes, look())
        figure(drawn, "How many examples of each class are in each cluster")
    words.metric("Clusters used", f"{found.use.n_used} of {len(found.use.counts)}")
    words.metric("Normalised mutual information", f"{found.use.information:.2f}")
    words.caption(
        "Each test example counts in its most probable cluster by q(y|z₁, x); a cluster with less than 1 % of them "
        "counts as unused. Normalised mutual information is 0 where the cluster says nothing of the class, and 1 where "
        "each says the other."
    )
