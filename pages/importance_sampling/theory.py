"""The tab of the theory: importance sampling on a line, four gradients, and what the source says."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.importance.one_dimensional import FUNCTIONS, estimate
from latentlab.analysis.importance.variance import trace
from latentlab.analysis.importance.weights import probabilities
from latentlab.analysis.stats import entropy
from latentlab.experiments.importance import stale_gradients
from latentlab.experiments.importance import tables as importance_tables
from latentlab.figures.importance.details import densities_figure, running_mean
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember

N_DRAWS = 2_000
GRADIENTS = np.array([(3.0, 4.0), (-3.0, 4.0), (0.0, 1.0), (1.0, 0.0)])
WEIGHTS = {
    "ideal: |g|": (5, 5, 1, 1),
    "even": (1, 1, 1, 1),
    "|g| + 1": (6, 6, 2, 2),
    "|g| + 10": (15, 15, 11, 11),
    "old and wrong": (1, 5, 5, 1),
}


def draw_theory() -> None:
    """A line, four gradients, and the tables."""
    controls, drawn = st.columns([1, 2], gap="large")
    with controls:
        name = linked_choice("f, under p = N(0, 1)", tuple(FUNCTIONS), "x", "function")
        mean = st.slider("Mean of the proposal q", -4.0, 4.0, 0.0, 0.1, key="mean", bind="query-params")
        std = st.slider("Its standard deviation", 0.2, 3.0, 1.5, 0.1, key="std", bind="query-params")
        mixed = st.slider("Share of the best q mixed in", 0.0, 1.0, 0.0, 0.05, key="mixed", bind="query-params")
    found = estimate(name, float(mean), float(std), float(mixed), N_DRAWS)
    with drawn:
        panels(
            {"p, q and the best q": densities_figure(found, look()), "The estimate": running_mean(found, look())},
            "A line",
        )
    of_p, of_q, best = found.variances
    st.caption(
        f"E[f] = {found.exact:.4g}. Variance of p f/q from one draw: {of_p:.4g} under p itself, {of_q:.4g} under q, "
        f"and {best:.4g} under the best q, p |f| / E|f|."
    )
    _four_gradients()
    _stale()
    _shortcuts()
    _source()


def _four_gradients() -> None:
    norms = np.linalg.norm(GRADIENTS, axis=1)
    mean_norm = float(np.linalg.norm(GRADIENTS.mean(0)))
    rows = []
    for name, weights in WEIGHTS.items():
        w = np.array(weights, np.float64)
        variance = trace(w, norms, mean_norm)
        rows.append(
            {"weights": name, "w": " ".join(map(str, weights)), "Tr Σ": variance, "√Tr Σ": variance**0.5,
             "entropy, nats": entropy(probabilities(w))}
        )  # fmt: skip
    st.markdown("**Four gradients (3, 4), (−3, 4), (0, 1), (1, 0): how much a drawn one varies**")
    st.dataframe(
        rows, hide_index=True, alt="The variance of four gradients drawn by five sets of weights",
        column_config={
            name: st.column_config.NumberColumn(format="%.4f") for name in ("Tr Σ", "√Tr Σ", "entropy, nats")
        },
    )  # fmt: skip
    st.caption(
        "Even weights vary more than the ideal by the variance of the lengths 5, 5, 1, 1: by 4. Wrong ones, more."
    )


def _stale() -> None:
    st.markdown("**Stale gradients bias a step, stale weights don't: |E ĝ − g| / |g|**")
    st.dataframe(_stale_rows(), hide_index=True, alt="The bias of stale gradients and of stale weights, by their age")
    st.caption(
        f"A classifier of {stale_gradients.N} digits after {stale_gradients.STEP} plain steps of "
        f"{stale_gradients.RATE:g}: all examples enumerated, medians and the range over three seeds. In asynchronous "
        "SGD (ASGD) workers send gradients of earlier parameters; in ISSGD they send lengths, and whatever these are, "
        "drawing by them and dividing by them leaves the mean as it is, up to rounding."
    )


@remember(1)
def _stale_rows() -> list[dict[str, str]]:
    return stale_gradients.table_rows()


def _shortcuts() -> None:
    rows = importance_tables.shortcut_rows(importance_tables.SHORTCUTS.read())
    if rows:
        st.markdown("**Cheaper weights for convolutions: the last layer alone does nearly as well as exact lengths**")
        st.dataframe(rows, hide_index=True, alt="Weights that are cheaper than exact lengths, and what they are worth")
        st.caption(
            "A convolutional classifier of the digits, Adam, medians and the range over three seeds: the correlation r "
            "of the weights with the exact lengths, and the standard deviation of a step that is drawn by them. The "
            "source names these three and tries none (Alain 2018, §7.6); here convolutions have exact lengths, too."
        )


def _source() -> None:
    scores = importance_tables.PROGRESS.read()
    tables = {
        "What the source says": importance_tables.claim_rows(scores),
        "Test errors, Table 7.1": importance_tables.test_error_rows(scores),
        "In the course of a training": importance_tables.progress_rows(
            [one for one in scores if one.step in importance_tables.SHOWN and not np.isfinite(one.recall)]
        ),
    }
    for title, rows in tables.items():
        if rows:
            st.markdown(f"**{title}**")
            st.dataframe(rows, hide_index=True, alt=title)
    st.caption(
        "The source trains 4 layers of 2,048 units on 570,000 house numbers, 50 times each; its test errors, printed "
        "as 9.31, 0.0754 and 0.0756, are shown as shares alike. Here it is 6,000 digits of MNIST and three seeds, so "
        "only the order compares. `python -m latentlab reproduce importance`."
    )
