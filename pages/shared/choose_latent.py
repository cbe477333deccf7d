"""Which latent variable of a model is moved, and what is held meanwhile: the class, and what lies above it."""

from __future__ import annotations

import streamlit as st
import torch

from latentlab.models import Auxiliary, Conditional, Decodes, InfersLatents, Layered, between, movable
from latentlab.subjects import LatentOf, Subject
from pages.shared import cached, url_state
from pages.shared.text import plain

MEAN = "0, the prior's mean"
DRAWS = 20  # of what lies between, to choose from


def choose_latent(run: Subject) -> Subject:
    """A line of controls where a model has several latent variables or takes a class; else the run itself."""
    model = cached.model(run)
    options = movable(model)
    if not options:
        return run
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        usual = options[0]
        first = options.index(url_state.read_choice("latent", options, usual))
        latent = usual
        if len(options) > 1:
            latent = st.selectbox(
                "Latent variable", options, first, key=f"latent {run.id}", width=160, on_change=url_state.forget_place
            )
            url_state.write("latent", latent if latent != usual else None)
        y = _choose_class(run) if isinstance(model, Conditional) else 0
        like = _choose_above(run) if isinstance(model, Conditional) and latent != usual else None
        below = between(model, latent)
        draw = _choose_draw(run, below) if below is not None else 0
    st.caption(_direction(model, latent, below, draw))
    is_whole = run.has(Decodes) and latent == usual and not run.has(Layered)
    return run if is_whole else LatentOf(run, latent, y, like, draw)


def _choose_class(run: Subject) -> int:
    names = list(run.classes)
    first = url_state.read_choice("class", names, names[0])
    name = st.selectbox("Class", names, names.index(first), plain, key=f"class {run.id}", width=160)
    url_state.write("class", name if name != names[0] else None)
    return names.index(name)


def _choose_above(run: Subject) -> int | None:
    """The saved example whose z is held, one of each class to choose from; None for the prior's mean."""
    labels = cached.examples(run).y
    found = {f"that of a {name}": torch.nonzero(labels == k) for k, name in enumerate(run.classes)}
    places = {name: int(rows[0]) for name, rows in found.items() if len(rows)}
    options = [MEAN, *places]
    first = options.index(url_state.read_choice("above", options, MEAN))
    chosen = st.selectbox("z is held at", options, first, plain, key=f"above {run.id}", width=200)
    url_state.write("above", chosen if chosen != MEAN else None)
    return places.get(chosen)


def _choose_draw(run: Subject, below: str) -> int:
    """0 for the mean of what lies between, else which draw of it."""
    options = [str(k) for k in range(DRAWS + 1)]
    linked = int(url_state.read_choice("drawn", options, "0"))
    about = f"One draw of {below}, the same for every place, instead of its mean"
    if not st.toggle(f"Draw {below}", linked > 0, key=f"draw {run.id}", help=about):
        url_state.write("drawn", None)
        return 0
    draw: int = st.number_input("Which draw", 1, DRAWS, max(linked, 1), key=f"which draw {run.id}", width=140)
    url_state.write("drawn", str(draw))
    return draw


def _direction(model: object, latent: str, below: str | None, draw: int) -> str:
    """How x follows from the variable, in the model's own factors."""
    held = ", y" if isinstance(model, Conditional) else ""
    is_layer = isinstance(model, Layered)
    nats = " The nats of a dimension are its KL from what the layer above expects." if is_layer else ""
    if below is not None:
        how = "one draw" if draw else "the mean"
        return f"{latent}{held} → {below}, {how} of p({below}|{latent}{held}) → x, the mean of p(x|·).{nats}"
    if isinstance(model, Conditional) and latent != "z":
        return (
            f"z, y → p({latent}|z, y), of which 0 is the mean and 1 a standard deviation → {latent} → x, the mean of "
            f"p(x|·). The nats of a dimension are the KL of q({latent}|x) from it, over all examples."
        )
    said = f"{latent}{held} → x, the mean of p(x|{latent}{held}).{nats}"
    if isinstance(model, Auxiliary) and isinstance(model, InfersLatents):
        said += " Given these, x doesn't depend on a, so a can't be traversed; Clusters maps it."
    return said
