"""Widgets out of knobs: a form for any config, with nothing said twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from latentlab.knobs import Knob, Value
from latentlab.models import MODELS
from pages.shared.linked_choice import linked_choice


def knob_form(knobs: Sequence[Knob], key: str, known: Mapping[str, Value], linked: bool = False) -> dict[str, Any]:
    """One widget for each relevant knob, given the other values; returns the values that were chosen.

    Args:
        knobs: what may be varied.
        key: a prefix that distinguishes this form's widgets from another's.
        known: values that this form starts from, and those of other forms that its knobs depend on.
        linked: the address keeps what is chosen, under the widgets' keys.
    """
    values = dict(known)
    chosen: dict[str, Any] = {}
    for knob in knobs:
        if knob.when is None or values.get(knob.when[0], knob.when[1]) == knob.when[1]:
            chosen[knob.name] = values[knob.name] = _widget(knob, f"{key}-{knob.name}", known.get(knob.name), linked)
    return chosen


def kind_of_model(name: str) -> str:
    """What a name in MODELS stands for, and the name."""
    return f"{MODELS[name].title} · {name}"


def label(name: str) -> str:
    """A knob's name as a person reads it."""
    return {
        "z_dim": "latent dimensions",
        "n_neighbors": "neighbours",
        "min_dist": "minimal distance",
        "n_epochs": "rounds",
        "negative_sample_rate": "pushes for each pull",
        "max_iter": "rounds",
        "init": "initialisation",
        "slope": "sharpness of first-layer units",
        "reach": "data range",
        "sigma_far": "largest noise",
        "form": "parametrisation of r",
        "bf16": "bfloat16",
        "samples": "importance samples",
        "clip": "gradient clipping",
        "convs": "convolutions",
        "pool": "pooling",
        "dense": "dense layers",
        "halve_every": "epochs until it is halved",
    }.get(name, name.replace("_", " "))


def _widget(knob: Knob, key: str, start: Value | None, linked: bool) -> Value:
    start = knob.default if start is None else start
    text = label(knob.name).capitalize()
    common: dict[str, Any] = {"key": key, "help": knob.help, "bind": "query-params" if linked else None}
    value: Value
    if knob.choices and len(knob.choices) <= 3 and linked:
        value = linked_choice(text, knob.choices, str(start), key, help=knob.help)
    elif knob.choices and len(knob.choices) <= 3:
        value = st.segmented_control(
            text, knob.choices, default=start, required=True, key=key, help=knob.help, wrap=True
        )
    elif knob.choices:
        value = st.selectbox(text, knob.choices, knob.choices.index(str(start)), **common)
    elif knob.type is bool:
        value = st.toggle(text, bool(start), **common)
    elif knob.type is str:
        value = st.text_input(text, str(start), max_chars=400, **common)
    elif knob.type is int:
        low, high = (None if bound is None else int(bound) for bound in (knob.low, knob.high))
        value = st.number_input(text, low, high, int(start), **common)
    else:
        step = _step(knob, float(start))
        value = st.number_input(text, knob.low, knob.high, float(start), step=step, format="%g", **common)
    return value


def _step(knob: Knob, start: float) -> float:
    """A tenth of the range, or of the value where the range spans orders of magnitude."""
    if knob.log or knob.low is None or knob.high is None:
        return start or 1e-3
    return (knob.high - knob.low) / 10 if knob.high - knob.low <= 2 else 0.5
