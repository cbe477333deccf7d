"""The tab of accuracy: how certain it may be, among how many classes the true one is, and what "accuracy" can mean."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.classification.confusion import errors_only, precision
from latentlab.analysis.classification.metrics import (
    all_negative,
    binary_accuracy,
    calibration,
    in_top,
)
from latentlab.analysis.classification.predictions import Predictions
from latentlab.analysis.classification.verdict import of_certainty
from latentlab.analysis.stats import proportion, wilson
from latentlab.experiments.transfer_source import N_CLASSES, SOURCE
from latentlab.figures.classification.accuracy import accuracy_dots, reliability
from pages.shared.header import look
from pages.shared.images import figure

TOPS = (1, 2, 3, 5)


def draw_accuracy(found: Predictions, names: tuple[str, ...]) -> None:
    """Calibration, top-k, each class, and the source's table with what it guarantees."""
    left, right = st.columns(2, gap="large")
    n_classes = found.log_probs.shape[1]
    with left:
        st.markdown(":small[**Is it right as often as it says?**]")
        known = calibration(found.log_probs, found.y)
        figure(reliability(known, look()), "Accuracy against certainty")
        st.caption(
            f"{of_certainty(found)} The ECE, {known.ece:.2%}, is the mean distance from the diagonal, weighted by the "
            "examples of each bin (Guo et al. 2017). Intervals of 95 %."
        )
    with right:
        st.markdown(":small[**The true class is among the k most probable ones**]")
        tops = [k for k in TOPS if k < n_classes]
        named = {f"top {k}": proportion(in_top(found.log_probs, found.y, k)) for k in tops}
        figure(accuracy_dots(named, look()), "Accuracy among the most probable classes")
        st.markdown(":small[**What “accuracy” may mean**]")
        binary, none = binary_accuracy(found.log_probs, found.y), all_negative(n_classes)
        rows = [
            {"classifier": "this one", "categorical": f"{found.right.mean():.4f}", "binary": f"{binary:.4f}"},
            {"classifier": "says no to every class", "categorical": "–", "binary": f"{none:.4f}"},
        ]
        st.dataframe(rows, hide_index=True, alt="Categorical and binary accuracy of this classifier and of none")
        st.caption(
            f"Categorical: the most probable class is the true one. Binary: each of {n_classes} outputs alone is on "
            "the right side of ½, as Keras counts under a binary loss. Saying no to every class is right for all but "
            f"one of {n_classes} outputs: {none:.4f}."
        )
    st.markdown("**Each class**")
    st.dataframe(_class_rows(found, names), hide_index=True, alt="How well each class is predicted")
    st.markdown("**The source's numbers are binary ones**")
    st.dataframe(_source_rows(), hide_index=True, alt="The source's table, and what it guarantees")
    st.caption(
        f"Burhanpurkar (2020), Table 1: pretrained networks with a new layer for {N_CLASSES} classes of sketches, as "
        f"printed. Her notebook computes binary accuracy over {N_CLASSES} sigmoids, where saying no to all scores "
        f"{all_negative(N_CLASSES):.4f}: of 1 - b wrong outputs each wrong example has at least one, so categorical "
        f"accuracy is only known to be at least 1 - {N_CLASSES} (1 - b). Her own network's .9589 and .9651 are "
        "categorical: they can't be compared with these."
    )


def _class_rows(found: Predictions, names: tuple[str, ...]) -> list[dict[str, str | int]]:
    """Of each class that has examples: how many, which are found, which of those predicted are of it, and the worst."""
    counts, rows = found.counts, list[dict[str, str | int]]()
    of_predicted, wrong = precision(counts), errors_only(counts)
    for k in np.flatnonzero(counts.sum(1)).tolist():
        n, most = int(counts[k].sum()), int(wrong[k].argmax())
        recall = wilson(float(counts[k, k] / n), n)
        rows.append(
            {
                "class": names[k], "examples": n,
                "recall": f"{recall.value:.1%} ({recall.low:.1%} to {recall.high:.1%})",
                "precision": f"{of_predicted[k]:.1%}" if counts[:, k].any() else "never predicted",
                "most often taken for": f"{names[most]}, {wrong[k, most]} times" if wrong[k, most] else "",
            }
        )  # fmt: skip
    return rows


def _source_rows() -> list[dict[str, str]]:
    return [
        {
            "network": row.network, "training": f"{row.train:.4f}", "validation": f"{row.valid:.4f}",
            "test, printed": f"{row.test:.4f}", "above saying no": f"{row.test - all_negative(N_CLASSES):+.4f}",
            "categorical, at least": f"{row.least:.4f}",
        }
        for row in SOURCE
    ]  # fmt: skip
