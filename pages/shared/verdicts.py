"""What is to be known of a run before its numbers, in plain sentences."""

from __future__ import annotations

import streamlit as st

from latentlab.analysis import verdict
from latentlab.analysis.latent.explained import Explained, explained
from latentlab.figures.training_curves import History
from latentlab.models import Decodes, Encodes, HasPosterior
from latentlab.runs.run import Run
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.remember import remember

N_FITTED, N_HELD_OUT = 5_000, 1_000  # examples that principal components are fitted to, and compared on


def say_training(run: Run, history: History) -> None:
    """Whether it should go on, or should have stopped, by the held-out headline of its model."""
    headline = run.kind.headline
    held_out = f"valid_{headline.term}"
    rows = [row for row in history if held_out in row and "epoch" in row]
    values = [headline.improvement({headline.term: row[held_out]}) for row in rows]
    if said := verdict.of_training([row["epoch"] for row in rows], values):
        st.info(said, icon=":material/lightbulb:")


def say_reconstructions(subject: Subject) -> None:
    """How much of the data its reconstructions keep, where it decodes what it encodes and its data are here."""
    if subject.has(Encodes) and subject.has(Decodes) and cached.has_data(subject):
        found = _explained(subject)
        if found is not None:
            st.caption(verdict.of_reconstructions(found, subject.config))


@remember(16, on=cached.has_data)
def _explained(subject: Subject) -> Explained | None:
    """None where principal components of as many dimensions would be all of the data."""
    splits, encode, decode = cached.splits(subject.dataset), cached.encoder(subject), cached.decoder(subject)
    x = splits.test[:N_HELD_OUT].batch().x
    try:
        z = encode(x)
        return explained(splits.train[:N_FITTED].batch().x, x, decode(z), z.shape[1])
    except ValueError:
        return None


def say_bottleneck(subject: Subject) -> None:
    """Whether dimensions of its code are unused: a warning if all are. Of one that has hardly been trained, nothing."""
    if not subject.has(HasPosterior) or subject.training.get("epochs", verdict.FEWEST) < verdict.FEWEST:
        return
    found = cached.dimensions(subject)
    said = verdict.of_bottleneck(found, subject.config)
    if said and not found.active.any():
        st.warning(said, icon=":material/warning:")
    elif said:
        st.caption(said)
