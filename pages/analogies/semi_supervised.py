"""What models learn from few labels: the semi-supervised benchmark, and a classifier of the plane with its labels."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.conditional.decision_surface import Decision, decision
from latentlab.analysis.conditional.separability import Separability, linear_separability
from latentlab.analysis.stats import Proportion, wilson
from latentlab.data import Dataset
from latentlab.experiments import semi_supervised
from latentlab.figures.conditional.decision_surface import components, decision_surface, mark
from latentlab.figures.training_curves import training_curves
from latentlab.models import Auxiliary, Classifies
from latentlab.runs.store import Store
from latentlab.subjects import Subject
from pages.analogies.posterior import choose_example, draw_posterior
from pages.shared import cached
from pages.shared.conditional import labelled
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.training_space import known_labels

MARGIN = 0.4  # around the examples
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
    scores = semi_supervised.read()
    if not scores:
        st.info(
            "The semi-supervised benchmark has not been run yet; `python -m latentlab reproduce semi-supervised` "
            "runs it."
        )
        return
    names = list(dict.fromkeys(score.dataset for score in scores))
    dataset = linked_choice("Data", names, default=names[0], key="ladder")
    rows = []
    for model in dict.fromkeys(score.model for score in scores if score.dataset == dataset):
        own = [score for score in scores if (score.dataset, score.model) == (dataset, model)]
        cells = {head: _mean_std([getattr(score, name) * by for score in own]) for name, (head, by) in HEADS.items()}
        rows.append(
            {"model": model, **cells, REPORTED: semi_supervised.reported(dataset, model) or "–", "seeds": len(own)}
        )
    kept = [head for head in rows[0] if any(row[head] != "–" for row in rows)]
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


@st.fragment
def plane(run: Subject) -> None:
    """A model of points in the plane: its decision, the labels that it had, and its auxiliary variable."""
    found, separability, error = _plane(run)
    pictures, below = st.container(), st.container()
    with below:
        index = choose_example(run)
    tested, few = cached.examples(run), _few(run)
    history, baselines = Store.default().history(run.id), Store.default().baselines(run.id)
    left, *middle, right = pictures.columns(2 if separability is None or not history else 3, gap="large")
    drawn = decision_surface(
        found, tested.x.numpy(), tested.y.numpy(), few.x.numpy(), few.y.numpy(), run.classes, look()
    )
    if index is not None:
        mark(drawn, labelled(run).x[index].numpy(), look())
    figure(drawn, "The decision surface, with test examples and the labelled examples", place=left)
    if separability is not None:
        figure(
            components(separability, tested.y.numpy(), run.classes, look()),
            "The auxiliary variable along its two principal components, by class", place=(*middle, right)[0],
        )  # fmt: skip
    if history:
        curve = training_curves(history, {"error": "fraction"}, look(), 420, baselines)["error"]
        figure(curve, "The error over the epochs, and that of classifiers of the same labels", place=right)
    about = (
        f"Test error {error.value:.2%} (95 % interval {error.low:.2%} to {error.high:.2%}) over {len(tested):,} "
        f"examples; {len(few)} examples had a label (large marks)."
    )
    if separability is not None:
        about += (
            f" Linear separability in the first two components of a: {separability.accuracy:.1%} of held-out codes."
        )
    else:
        about += " This model has no auxiliary variable."
    if history:
        about += (
            " The error over the epochs is that of held-out examples; the thin line is that of the labelled ones; "
            "horizontal lines are classifiers fitted to those alone."
        )
    pictures.caption(about)
    if index is not None:
        with below:
            draw_posterior(run, index)


def is_plane(run: Subject) -> bool:
    """Whether a run classifies points of the plane."""
    return run.shape == (2,) and run.has(Classifies)


@remember(8)
def _plane(run: Subject) -> tuple[Decision, Separability | None, Proportion]:
    model, tested = cached.model(run), cached.examples(run)
    if not isinstance(model, Classifies):
        raise TypeError(f"{run.title} doesn't classify.")
    x, y, _ = tested.batch()
    found = decision(model.classify, x.amin(0).numpy() - MARGIN, x.amax(0).numpy() + MARGIN)
    with torch.no_grad():
        error = wilson(float((model.classify(x).argmax(1) != y).float().mean()), len(y))
        separability = (
            linear_separability(model.auxiliary(x).numpy(), y.numpy()) if isinstance(model, Auxiliary) else None
        )
    return found, separability, error


def _few(run: Subject) -> Dataset:
    """The training examples whose label the model was given; none where they aren't known."""
    known = known_labels(run.dataset, run.training)
    return known if known is not None else cached.examples(run)[:0]


def _mean_std(values: list[float]) -> str:
    if any(math.isnan(value) for value in values):
        return "–"
    deviation = f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{np.mean(values):.2f}{deviation}"
