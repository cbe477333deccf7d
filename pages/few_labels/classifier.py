"""What a model makes of the classes: the decision surface of a plane, or the images of which it is least certain."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.conditional.decision_surface import Decision, decision
from latentlab.analysis.conditional.separability import Separability, linear_separability
from latentlab.analysis.stats import Proportion, wilson
from latentlab.data import Dataset
from latentlab.figures.conditional.decision_surface import components, decision_surface, mark
from latentlab.figures.training_curves import training_curves
from latentlab.models import Auxiliary, Classifies
from latentlab.runs.store import Store
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.conditional import labelled
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.training_space import known_labels

MARGIN = 0.4  # around the examples
SHEET, COLUMNS = 36, 12  # examples on a sheet, and beside each other


def is_plane(run: Subject) -> bool:
    """Whether a run is of points of the plane."""
    return run.shape == (2,)


def draw_classifier(run: Subject, index: int | None) -> None:
    """The main picture, and the test error in a line.

    Args:
        run: the classifier.
        index: the test example that is looked at closely, if any.
    """
    if is_plane(run):
        _surface(run, index)
    else:
        _least_certain(run)
    st.caption(_about(run))


def draw_error(run: Subject) -> None:
    """The error over the epochs, and the auxiliary variable of a model that has one."""
    store = Store.default()
    history, baselines = (store.history(run.id), store.baselines(run.id)) if run.training else ([], {})
    separability = _separability(run)
    left, right = st.columns(2, gap="large")
    if any("error" in row or "valid_error" in row for row in history):
        curve = training_curves(history, {"error": "fraction"}, look(), 420, baselines)["error"]
        figure(curve, "The error over the epochs, and that of classifiers of the same labels", place=left)
        left.caption(
            "Dots: held-out examples; the thin line: the labelled ones; horizontal lines: classifiers fitted to those "
            "alone."
        )
    else:
        left.info("No error was measured while it was trained.")
    if separability is None:
        right.caption("This model has no auxiliary variable.")
        return
    y = labelled(run).y.numpy()
    figure(
        components(separability, y, run.classes, look()),
        "The auxiliary variable along its two principal components, by class", place=right,
    )  # fmt: skip
    right.caption(
        f"Linear separability in the first two components of a: {separability.accuracy:.1%} of held-out codes."
    )


@remember(16)
def least_certain_first(run: Subject) -> NDArray[np.int64]:
    """(N,) the labelled test examples, from the one with the least certain class on."""
    return np.argsort(_log_probs(run).amax(1).numpy(), kind="stable")


def _surface(run: Subject, index: int | None) -> None:
    tested, few = labelled(run), _few(run)
    drawn = decision_surface(
        decision_of(run), tested.x.numpy(), tested.y.numpy(), few.x.numpy(), few.y.numpy(), run.classes, look()
    )
    if index is not None:
        mark(drawn, tested.x[index].numpy(), look())
    figure(drawn, "The decision surface, with test examples and the labelled examples")


def _least_certain(run: Subject) -> None:
    some = least_certain_first(run)[:SHEET]
    show(
        appearance_of(run),
        labelled(run)[torch.from_numpy(some)].batch().x,
        COLUMNS,
        "The test examples with the least certain class",
    )
    predicted, y = _log_probs(run).argmax(1)[some].tolist(), labelled(run).y[some].tolist()
    names = [plain(name) for name in run.classes]
    said = (
        names[k] if k == true else f":red[{names[k]}, it is {names[true]}]"
        for k, true in zip(predicted, y, strict=True)
    )
    st.markdown("Test examples, from the least certain class on, predicted " + " · ".join(said))


def _about(run: Subject) -> str:
    y, few = labelled(run).y, _few(run)
    error = _error(run)
    said = f"Test error {error.value:.2%} (95 % interval {error.low:.2%} to {error.high:.2%}) over {len(y):,} examples"
    if not len(few):
        return f"{said}."
    return f"{said}; {len(few):,} examples had a label{' (large marks)' if is_plane(run) else ''}."


@remember(16)
def _log_probs(run: Subject) -> torch.Tensor:
    """(N, K) of the labelled test examples."""
    with torch.no_grad():
        return classifier_of(run).classify(labelled(run).batch().x)


def classifier_of(run: Subject) -> Classifies:
    """The trained classifier of a run."""
    model = cached.model(run)
    if not isinstance(model, Classifies):
        raise TypeError(f"{run.title} doesn't classify.")
    return model


@remember(8)
def decision_of(run: Subject) -> Decision:
    """A classifier of the plane on a grid about its examples."""
    x = cached.examples(run).x
    return decision(classifier_of(run).classify, x.amin(0).numpy() - MARGIN, x.amax(0).numpy() + MARGIN)


@remember(16)
def _error(run: Subject) -> Proportion:
    y = labelled(run).y
    return wilson(float((_log_probs(run).argmax(1) != y).float().mean()), len(y))


@remember(8)
def _separability(run: Subject) -> Separability | None:
    model, some = cached.model(run), labelled(run)
    if not isinstance(model, Auxiliary):
        return None
    with torch.no_grad():
        return linear_separability(model.auxiliary(some.batch().x).numpy(), some.y.numpy())


def _few(run: Subject) -> Dataset:
    """The training examples whose label the model was given; none where they aren't known."""
    known = known_labels(run.dataset, run.training)
    return known if known is not None else cached.examples(run)[:0]
