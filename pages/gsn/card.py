"""The card of the page: samples of a model that has a Markov chain."""

from __future__ import annotations

from latentlab.models import Walks
from latentlab.subjects import Subject, stored
from pages.navigation import Card
from pages.shared.samples import drawn


def card(run: Subject) -> Card | None:
    """Of the deepest network that walks through data like those of the chosen run."""
    walkers = [walker for walker in stored(Walks) if walker.shape == run.shape]
    walker = max(walkers, key=lambda one: int(one.config.get("layers", 0)), default=None)
    return Card(drawn(walker), walker) if walker is not None else None
