"""One example of a model that infers class and code: its inferred posterior, compared with its own posterior."""

from __future__ import annotations

import streamlit as st
import torch

from latentlab.analysis.conditional.posterior import Posterior, posterior
from latentlab.device import generator
from latentlab.figures.conditional.posterior import posterior_panels
from latentlab.models import InfersClass
from latentlab.subjects import Subject
from pages.few_labels.classifier import least_certain_first
from pages.shared import cached
from pages.shared.conditional import labelled, style_dimensions, styles
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.remember import remember
from pages.shared.text import plain

DRAWS = 2_000  # of each class
FEW = 30  # equal draws: with fewer, a probability by importance weights is a matter of luck


def choose_example(run: Subject) -> int | None:
    """Let the visitor choose a test example, the one of the least certain class first; None if nothing is drawn."""
    if not run.has(InfersClass) or not len(labelled(run)):
        return None
    order = least_certain_first(run)
    place = st.slider(
        "Example", 1, len(order), 1, key=f"doubt-{run.id}", bind="query-params",
        help="Test examples, ordered by the model's certainty of the class, lowest first",
    )  # fmt: skip
    return int(order[place - 1])


def draw_posterior(run: Subject, index: int) -> None:
    """Draw both posteriors of a test example, and say how they differ."""
    found, where = _posterior(run, index), style_dimensions(run)
    if len(where.order) < 2:
        st.info("Its code has one dimension; a posterior is drawn along two.")
        return
    axes = (int(where.order[0]), int(where.order[1]))
    panels(posterior_panels(found, axes, styles(run).numpy(), run.classes, look()), "Draws of the code by class")
    inferred, own = found.classes
    k, y = int(own.argmax()), int(labelled(run).y[index])
    few = found.n_effective < FEW
    doubt = ", too few to trust that number: hardly any draw lies where the posterior is high" if few else ""
    st.caption(
        f"Example #{index}, {plain(run.classes[y])}. That it is {plain(run.classes[k])} has probability "
        f"{inferred[k]:.1%} in the inferred posterior and {own[k]:.1%} in the model's own posterior: "
        f"importance weights of {found.own.size:,} draws, ESS {found.n_effective:,.1f}{doubt}. A mark's "
        "area is proportional to its weight; dotted: two standard deviations of the prior; gray: other examples' codes."
    )


@remember(32)
def _posterior(run: Subject, index: int) -> Posterior:
    model, rng = _model(run), generator(0)
    with torch.no_grad():
        drawn = model.class_draws(labelled(run)[index : index + 1].batch().x, DRAWS, rng)
    return posterior(drawn.z[:, :, 0], drawn.log_w[:, :, 0], drawn.log_q_y[:, :, 0])


def _model(run: Subject) -> InfersClass:
    trained = cached.model(run)
    if not isinstance(trained, InfersClass):
        raise TypeError(f"{run.title} doesn't infer a class and a code.")
    return trained
