"""The pathology lab: a network of 128 layers with and without a shortcut, trained in the background and probed."""

from __future__ import annotations

import numpy as np
import streamlit as st
from torch import Tensor

from latentlab.data import load
from latentlab.experiments.deep_networks import DEPTH, HIDDEN, STEPS, Depths, advance
from latentlab.figures.probes.curve import depth_figure
from pages.shared.background import background
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.visit import Slot

CANCELLED: Slot[bool] = Slot("lab-cancelled")  # the visitor stopped the training
EVERY = 1.0  # seconds between two looks at the helper
LAYERS = 8  # one in so many is probed
NETWORKS = {"with the shortcut": True, "without": False}


def pathology() -> None:
    """Train both networks step by step, and show each moment as soon as it is there."""
    if CANCELLED.get():
        st.button("Train both networks", on_click=CANCELLED.forget, icon=":material/play_arrow:")
        return
    found = {name: _moments(skip) for name, skip in NETWORKS.items()}
    known = [step for step in STEPS if all(step in moments for moments in found.values())]
    missing = sum(len(STEPS) - len(moments) for moments in found.values())
    if missing:
        st.fragment(_wait, run_every=EVERY)(missing)
    if not known:
        return
    step = known[0]
    if len(known) > 1:
        step = int(st.select_slider("After so many steps of training", known, known[-1], key=f"step-{known[-1]}"))
    shown = {name: moments[step] for name, moments in found.items()}
    figure(depth_figure(shown, look()), "Probe error against depth in a network of 128 layers")
    st.markdown(_said(shown))


def _moments(skip: bool) -> dict[int, Depths]:
    """What is known of a network so far; asks for the next step."""
    splits, known = load("digits"), _known()
    for step in STEPS:
        if (skip, step) in known:
            continue
        key = _key(skip, step)
        job = background().ask(key, advance, splits, skip, step, _states().get(skip), every=LAYERS)
        if not job.done():
            break
        known[skip, step], _states()[skip] = job.result()
        background().forget(key)  # its state is large, and kept where the next step finds it
    if (skip, STEPS[-1]) in known:
        _states().pop(skip, None)
    return {step: known[skip, step] for step in STEPS if (skip, step) in known}


@st.cache_resource(max_entries=1, show_spinner=False)
def _known() -> dict[tuple[bool, int], Depths]:
    """What was found, by shortcut and step; the same for all visitors."""
    return {}


@st.cache_resource(max_entries=1, show_spinner=False)
def _states() -> dict[bool, dict[str, Tensor]]:
    """Where the training of each network stands."""
    return {}


def _key(skip: bool, step: int) -> str:
    return f"lab {skip} {step}"


def _said(shown: dict[str, Depths]) -> str:
    sentences = []
    for name, depths in shown.items():
        segment = depths.dead_segment
        text = f"**{name.capitalize()}**, the network itself errs on {depths.model_error:.1%}"
        if segment is not None:
            inside = depths.errors[segment[0] : segment[1] + 1]
            norm = float(np.min(depths.weight_norms[max(0, segment[0] - 1) : segment[1]]))
            text += (
                f"; the probes of layers {segment[0]} to {segment[1]} (shaded) err on {np.nanmin(inside):.0%} to "
                f"{np.nanmax(inside):.0%}, where chance errs on {depths.chance:.0%}, though none of the weights there "
                f"is gone (smallest norm {norm:.2f}, at the start 1.41)"
            )
        sentences.append(text + ".")
    return " ".join(sentences) + (
        f" {DEPTH} layers of {HIDDEN} units, He's first weights, Adam at 10⁻⁴, batches of 64 digits; seed 0. The loss "
        "alone shows nothing of the dead half (Alain & Bengio 2017, §5.1)."
    )


def _wait(missing: int) -> None:
    asked = [background().asked(_key(skip, step)) for skip in NETWORKS.values() for step in STEPS]
    if not [job for job in asked if job is not None] or any(job is not None and job.done() for job in asked):
        st.rerun()
        return
    n = 2 * len(STEPS)
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.progress((n - missing) / n, f"Training two networks of {DEPTH} layers: {n - missing} of {n} looks are there")
    right.button("Cancel", key="cancel-lab", on_click=_cancel)


def _cancel() -> None:
    for skip in NETWORKS.values():
        for step in STEPS:
            background().forget(_key(skip, step))
    CANCELLED.set(True)
