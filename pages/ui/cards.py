"""A card for each page that has something to show, with a small live picture of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import streamlit as st

from latentlab.models import Conditional, Decodes, Denoises, Encodes, Walks
from latentlab.runs import Run
from latentlab.store import Store
from pages.ui import card_pictures as pictures

FIRST_FIELD = "spiral-dae"


class Card(NamedTuple):
    """What leads to a page, with the run that it opens."""

    title: str
    icon: str
    text: str
    page: str
    picture: bytes
    run: Run


def cards(run: Run) -> None:
    """Draw them beside each other, under each other in a narrow window."""
    grid = st.grid(min_column_width=320, gap="medium")
    for card in _cards(run):
        with grid.container(), st.container(border=True, height="stretch"):
            st.image(card.picture, width="stretch", alt=f"{card.title}: {card.run.title}")
            st.page_link(
                f"pages/{card.page}.py",
                label=f"**{card.title}**",
                icon=f":material/{card.icon}:",
                query_params={"run": card.run.id},
            )
            st.caption(card.text)


def _cards(run: Run) -> Iterator[Card]:
    """In the order of the pages: of the chosen run where it is for the page, else of one that is."""
    decodes, encodes = issubclass(run.kind, Decodes), issubclass(run.kind, Encodes)
    if decodes:
        text = "Point anywhere, drag a dimension: the picture follows the hand."
        yield Card("Traversal", "tune", text, "traversal", pictures.plane(run), run)
    if encodes:
        text = "Every code on one map, and what lies between."
        yield Card("Clusters", "scatter_plot", text, "clusters", pictures.spread_out(run), run)
    denoisers = {one.id: one for one in Store.default().runs(Denoises)}
    shown = next((one for one in denoisers.values() if len(one.shape) == 3), None)
    if shown is not None:
        text = "Where a denoiser would move each place, and each pixel: what it knows of the density."
        first = denoisers.get(FIRST_FIELD, shown)
        yield Card("Score field", "air", text, "field", pictures.scores(shown), first)
    if issubclass(run.kind, Conditional):
        text = "This handwriting, every digit."
        yield Card("Analogies", "grid_on", text, "analogies", pictures.styles_in_classes(run), run)
    elif encodes and decodes and run.classes:
        text = "What makes one group differ from another, added to any image."
        yield Card("Analogies", "grid_on", text, "analogies", pictures.from_class_to_class(run), run)
    if decodes:
        text = "Chains on what the model learned, and what they are worth."
        yield Card("Sampling", "casino", text, "sampling", pictures.walked(run), run)
    walkers = [walker for walker in Store.default().runs(Walks) if walker.shape == run.shape]
    walker = max(walkers, key=lambda one: int(one.config.get("layers", 0)), default=None)
    if walker is not None:
        text = "A network that walks from image to image."
        yield Card("GSN", "directions_walk", text, "gsn", pictures.drawn(walker), walker)
    known = pictures.known(run)
    if known is not None:
        text = "What every layer knows, before and after training."
        yield Card("Probes", "device_thermostat", text, "probes", known, run)
    yield Card("Train", "model_training", "Choose data and knobs, watch it learn.", "train", pictures.drawn(run), run)
