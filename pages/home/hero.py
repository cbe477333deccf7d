"""The top of the first page: what this is, a plane to point at, and the two ways in."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from latentlab.data import Kind
from latentlab.export.program import Program
from latentlab.models import Decodes
from latentlab.serialization import RunError
from latentlab.subjects import Subject, stored_run
from pages.components.explorer import weights
from pages.components.hero import hero as live_plane
from pages.navigation import HOME, LESSONS, TRAVERSAL, YOUR_DATA
from pages.shared import cached
from pages.shared.example_view import appearance_of

LIMIT = 2.4  # standard deviations from the middle to an edge of the plane


def hero(run: Subject | None) -> None:
    """Draw it, with the chosen run's plane: one to point at where all of its space is a plane that the browser decodes,
    else a picture. Of a run without a plane of images the page's first run is shown, if that is here.
    """
    shown, still = run, None
    if run is None or not _is_plane_of_images(run):
        still = TRAVERSAL.card(run) if run is not None and run.spec.kind is Kind.IMAGE else None
        shown = run if still is not None else _first()
    words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
    with words:
        st.markdown(
            "## See what a neural network has learned\n\n"
            "A model squeezes each image into a few numbers. LatentLab opens the space of these numbers: "
            "every place in it is an image. Move around in it, map it, question it: with the models here, or your own."
        )
        with st.container(horizontal=True):
            if TRAVERSAL.button("Explore", "explore", primary=True):
                TRAVERSAL.open(**({"run": shown.id} if shown else {}))
            if YOUR_DATA.button("Train on your data", "own"):
                YOUR_DATA.open()
        LESSONS.link("First time here? The first lesson: 5 minutes", icon="school")
    if shown is not None and still is not None:
        picture.image(still.picture, width="stretch", alt=f"What the latent space of {shown.title} decodes to")
    elif shown is not None:
        program = cached.program(shown)
        assert isinstance(program, Program)
        with picture:
            weights(f"weights-{shown.id}", program.to_bytes())
            data = {"program": program.id, "drawn": appearance_of(shown).as_json(), "limit": LIMIT}
            place = live_plane(f"hero-{shown.id}", data)
        if place is not None:
            TRAVERSAL.open(run=shown.id, z=f"{place[0]:.2f},{place[1]:.2f}")


def _first() -> Subject | None:
    """The page's first run, if it is here and has a plane of images."""
    with suppress(RunError):
        first = stored_run(HOME.first)
        return first if _is_plane_of_images(first) else None
    return None


def _is_plane_of_images(run: Subject) -> bool:
    return (
        run.spec.kind is Kind.IMAGE
        and run.has(Decodes)
        and len(cached.dimensions(run).order) == 2
        and isinstance(cached.program(run), Program)
    )
