"""The card of the page: what the chosen run has learned to draw."""

from __future__ import annotations

from latentlab.subjects import Subject
from pages.navigation import Card
from pages.shared.samples import drawn
from pages.shared.thumbnail import thumbnail


def card(run: Subject) -> Card | None:
    """Of any run that draws samples or decodes."""
    return Card(thumbnail(run, drawn(run)), run)
