"""One dimension: exact optima for a density that can be edited, and their errors over the noise."""

from __future__ import annotations

import streamlit as st

from latentlab.analysis.score.exact_1d import (
    BUMPS,
    COLUMNS,
    SOURCE_SIGMAS,
    Bumps,
    Errors,
    Optima,
    density_of,
    errors,
    optima,
    read_bumps,
)
from latentlab.analysis.score.field import FieldError
from latentlab.data import DataError
from latentlab.figures.score.profiles import optima_curves
from pages.shared import url_state
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

SIGMAS = (0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.16, 0.2, 0.31, 0.5, 1.0)
TABLED = (*SOURCE_SIGMAS, 0.03, 0.01)
MOST, LARGEST = 100, 1e6  # bumps in a link, and their numbers


def one_dimension() -> None:
    """The density, its exact optima for a noise, and the table of errors."""
    choice, noise = st.columns(2, gap="large")
    with choice:
        kind = linked_choice(
            "Density", list(BUMPS), "Alain & Bengio", "density-1d", former={"source": "Alain & Bengio"},
            help="That of Alain & Bengio (2014); three points, whose optimum is a staircase; or bumps to edit",
        )  # fmt: skip
    with noise:
        sigma = st.select_slider("Noise σ", SIGMAS, 0.16, key="sigma-1d", bind="query-params")
    bumps = BUMPS[kind]
    if bumps:
        bumps = _edited(kind)
    try:
        found, wrong = _optima(bumps, float(sigma)), _errors(bumps)
    except (FieldError, DataError) as error:
        st.error(plain(str(error)))
        return
    figure(optima_curves(found, look()), "The density, the reconstruction and the score, exact for each")
    columns = ("σ", "RCAE optimum: error of its score", "DAE optimum: error of its score", "difference of the two")
    values = zip(wrong.sigmas, wrong.contracting, wrong.denoising, wrong.between, strict=True)
    st.table([dict(zip(columns, (f"{v:.3g}" for v in row), strict=True)) for row in values])
    st.caption(
        "Root mean squares of the scores' differences, weighted by p over |x| ≤ 0.9; the true score's own is "
        f"{wrong.score:.3f}. The denoising optimum is exactly the score of the density blurred by σ, so its error "
        "comes from the blur alone: once σ is small compared with the scale of the density, it falls fourfold when σ "
        "is halved."
    )


def _edited(kind: str) -> Bumps:
    """Let the visitor edit the bumps of a density; they stay for the visit, and in the address."""
    name = f"bumps-{kind.replace(' ', '-')}"
    editor: Slot[object] = Slot(name)
    kept, first = Slot[Bumps](f"{name} kept"), Slot[Bumps](f"{name} first")
    if not editor.is_set or not first.is_set:  # what is sent stays the same while it is edited
        first.set(kept.get(()) if kept.is_set else _linked(name) or BUMPS[kind])
    rows = [dict(zip(COLUMNS, bump, strict=True)) for bump in first.get(())]
    bumps = read_bumps(st.data_editor(rows, num_rows="dynamic", key=editor.name, width="stretch"))
    kept.set(bumps)
    text = ";".join(",".join(repr(value) for value in bump) for bump in bumps)
    url_state.write(name, text if bumps != BUMPS[kind] and len(text) <= url_state.LONGEST else None)
    return bumps


def _linked(name: str) -> Bumps:
    """The bumps of the address; none, with a sentence, if they are anything else."""
    return tuple((a, b, c) for a, b, c in url_state.read_points(name, 3, MOST, LARGEST))


@remember(64)
def _optima(bumps: Bumps, sigma: float) -> Optima:
    return optima(*density_of(bumps), sigma)


@remember(16)
def _errors(bumps: Bumps) -> Errors:
    return errors(*density_of(bumps), TABLED)
