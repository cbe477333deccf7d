"""The card of the page: samples of a model that has a Markov chain."""

from __future__ import annotations

from latentlab.models import Walks
from latentlab.subjects import Subject, stored
from pages.navigation import Card
from pages.shared.samples import drawn
from pages.shared.thumbnail import thumbnail


def card(run: Subject) -> Card | None:
    """Of the deepest network with a Markov chain on data like those of the chosen run."""
    with_chains = [deepest for deepest in stored(Walks) if deepest.shape == run.shape]
    deepest = max(with_chains, key=lambda one: int(one.config.get("layers", 0)), default=None)
    return Card(thumbnail(deepest, drawn(deepest)), deepest) if deepest is not None else None
