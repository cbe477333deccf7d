"""Deep networks: 128 layers with and without a shortcut, trained in the background and probed."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from latentlab.data import load
from latentlab.experiments.deep_networks import DEPTH, HIDDEN, STEPS, Depths, Training, continue_training
from latentlab.figures.probes.curve import depth_figure
from latentlab.jobs.stepwise import Stepwise
from pages.shared.background import Waiting, background, next_step, show_tasks
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.remember import remember
from pages.shared.visit import Slot

STARTED: Slot[bool] = Slot("lab-started")  # the visitor started the training, and didn't cancel it
LAYERS = 8  # one in so many is probed
NETWORKS = {"with the skip connection": True, "without it": False}


def deep_networks() -> None:
    """Train both networks step by step once that is started, and show each result as soon as it is available."""
    splits, networks, found, tasks = load("digits"), _networks(), {}, []
    for name, skip in NETWORKS.items():
        work, go_on = f"lab {skip}", partial(continue_training, splits, skip, every=LAYERS)
        so_far = networks.last(work, Training())
        found[name] = {depths.step: depths for depths in so_far.found}
        if not so_far.is_done and STARTED.get():
            tasks.append(next_step(networks, work, go_on, Training()))
    if not tasks and any(STEPS[-1] not in results for results in found.values()):
        st.caption(
            f"Two networks of {DEPTH} layers learn digits, one with a skip connection from the input to the middle, "
            f"and every {LAYERS}th layer is probed: two to three minutes on two cores. All visitors share the result."
        )
        st.button("Train both networks", "lab", on_click=partial(STARTED.set, True), icon=":material/play_arrow:")
    text = f"Training two networks of {DEPTH} layers"
    n, n_done = len(NETWORKS) * len(STEPS), sum(map(len, found.values()))
    show_tasks(tasks, Waiting(text, "", STARTED.forget, n_done, n), "The networks can't be trained")
    known = [step for step in STEPS if all(step in results for results in found.values())]
    if not known:
        return
    step = known[0]
    if len(known) > 1:
        step = int(
            st.select_slider(
                "After so many steps of training", known, known[-1], key=f"step-{known[-1]}", bind="query-params"
            )
        )
    shown = {name: results[step] for name, results in found.items()}
    figure(depth_figure(shown, look()), "Probe error against depth in a network of 128 layers")
    st.markdown(_said(shown))


@remember(1)
def _networks() -> Stepwise[Training]:
    """How far both networks are; the same for all visitors."""
    return Stepwise(background())


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
                f"{np.nanmax(inside):.0%}, where chance errs on {depths.chance:.0%}, though the weights there have not "
                f"vanished (smallest norm {norm:.2f}, at the start 1.41)"
            )
        sentences.append(text + ".")
    return " ".join(sentences) + (
        f" {DEPTH} layers of {HIDDEN} units, He's first weights, Adam at 10⁻⁴, batches of 64 digits; seed 0. The loss "
        "alone does not show the dead segment (Alain & Bengio 2017, §5.1)."
    )
