"""The semi-supervised benchmark: what each model learns from the same few labels."""

from __future__ import annotations

import streamlit as st

from latentlab.experiments import semi_supervised
from latentlab.experiments.score_tables import MISSING, mean_std
from pages.shared.linked_choice import linked_choice

HEADS = {
    "error": ("test error (%)", 100),
    "bound": ("ELBO (nats)", 1),
    "weighted": (f"importance-weighted bound, K = {semi_supervised.N_DRAWS} (nats)", 1),
    "active": ("active units of z", 1),
    "separability": ("linear separability of a (%)", 100),
    "agreement": ("classifier agreement (%)", 100),
}
REPORTED = "error reported (%)"


def benchmark_table() -> None:
    """The semi-supervised benchmark on the same few labels: mean and standard deviation over the seeds."""
    scores = semi_supervised.TABLE.read()
    if not scores:
        st.info(
            "The semi-supervised benchmark has not been run yet; `python -m latentlab reproduce semi-supervised` "
            "runs it."
        )
        return
    names = list(dict.fromkeys(score.dataset for score in scores))
    dataset = linked_choice("Data", names, default=names[0], key="table")
    rows = []
    for model in dict.fromkeys(score.model for score in scores if score.dataset == dataset):
        own = [score for score in scores if (score.dataset, score.model) == (dataset, model)]
        cells = {head: mean_std([getattr(score, name) for score in own], by) for name, (head, by) in HEADS.items()}
        rows.append(
            {"model": model, **cells, REPORTED: semi_supervised.reported(dataset, model) or MISSING, "seeds": len(own)}
        )
    kept = [head for head in rows[0] if any(row[head] != MISSING for row in rows)]
    st.dataframe(
        [{head: row[head] for head in kept} for row in rows], hide_index=True, alt=f"The benchmark on {dataset}"
    )
    known = semi_supervised.BENCHMARKS.get(dataset)
    labels = f"{known.labels} labels" if known is not None else "few labels"
    st.caption(
        f"All with the same {labels} and the same budget; mean ± standard deviation over the seeds. “linear” and “mlp” "
        "are classifiers that were fitted to the labelled examples only. “Linear separability” is the accuracy of a "
        "linear classifier of the first two principal components of a; “classifier agreement” is how often a "
        "classifier predicts the class that a sample was drawn of, with the styles of examples."
        + " “Error reported” is that of Kingma et al. 2014 and Maaløe et al. 2016, whose networks are larger and were "
        "trained far longer." * (REPORTED in kept)
    )
    for remark in semi_supervised.remarks(scores, dataset):
        st.caption(remark)
