"""What could be in the hidden part of an image: a sheet of completions, and the predicted share of each class."""

from __future__ import annotations

import streamlit as st

from latentlab.analysis.sampling import Experiment
from latentlab.analysis.sampling.completions import Completions, completions
from latentlab.subjects import Subject
from pages.sampling.experiment import Setup, image_of, likelihood
from pages.shared.classifier import independent_classifier, independent_classifier_run, key_of
from pages.shared.example_view import appearance_of, show
from pages.shared.masks import given
from pages.shared.remember import remember

SHOWN, COLUMNS = 40, 10  # images of the sheet


def completed(run: Subject, setup: Setup, burn_in: float, found: Experiment) -> None:
    """The sheet, and the shares where a classifier of the same data is there."""
    labels = key_of(independent_classifier_run(run))
    answer = _completed(run, setup, burn_in, found.chains.accepted.shape, labels, found)
    st.markdown("**What could be there**")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        alt = "Completions of the hidden part, from all chains, images of a class beside each other"
        show(appearance_of(run), answer.some(SHOWN), COLUMNS, alt)
    n = len(answer.examples)
    if not answer.shares:
        st.caption(f"{n:,} draws from all chains were decoded; no independent classifier of these data is there.")
        return
    rows = [
        {"class": run.classes[k], "share": 100 * share.value, "from": 100 * share.low, "to": 100 * share.high}
        for k, share in answer.shares.items()
    ]
    columns = {name: st.column_config.NumberColumn(format="%.0f %%") for name in ("share", "from", "to")}
    with right:
        st.dataframe(rows, hide_index=True, column_config=columns, alt="Predicted share of each class")
    st.caption(
        f"The example with its hidden part decoded from {n:,} draws of all chains; the class is that of the whole "
        "decoded image, by a classifier that is independent of the model. The 95 % intervals allow for the dependence "
        "of a chain's draws. Where chains disagree, the shares depend on where they started."
    )


@remember(16)
def _completed(
    run: Subject,
    setup: Setup,
    burn_in: float,
    of: tuple[int, ...],  # noqa: ARG001 it distinguishes a run from a longer one
    labels: str,  # noqa: ARG001 as the classifier may change
    _found: Experiment,
) -> Completions:
    """Completions by the draws of an experiment of so many steps and chains."""
    x, visible = image_of(run, setup.image), given(run.shape, setup.mask)
    return completions(likelihood(run).decode, x, visible, _found.draws(burn_in), independent_classifier(run))
