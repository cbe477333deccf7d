"""All layers of a network: their numbers, and three further questions about each of them."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import streamlit as st

from latentlab.analysis.probes.attacked import ATTACKED, CLEAN, RANDOM, UnderAttack, under_attack
from latentlab.analysis.probes.kernel_components import kernel_errors
from latentlab.analysis.probes.svcca import likeness_to_last, unrelated
from latentlab.analysis.probes.tasks import CLASS
from latentlab.data import Kind
from latentlab.figures.probes.all_layers import attacked_figure, layer_heat
from latentlab.models import Classifies
from latentlab.subjects import Subject
from pages.probes.curves import probe_task
from pages.shared import cached
from pages.shared.background import Task, Waiting, run_task, show_tasks
from pages.shared.header import look
from pages.shared.images import figure, panels, sheet
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain

T = TypeVar("T")

NUMBERS, ATTACK, KERNEL, TRAINING = "numbers", "adversarial examples", "kernel components", "likeness to the end"
SIZES = (0.05, 0.1, 0.2, 0.3)  # ε of the attacks, in units of white
N_ATTACKED, N_KERNEL, N_LIKE = 2_000, 800, 1_000  # examples
LIMIT, LIMIT_LIKE = 256, 64  # features kept of a layer
SHOWN = 12


def choose_question() -> str:
    """Choose what is shown of all layers."""
    return linked_choice("Of each layer", (NUMBERS, ATTACK, KERNEL, TRAINING), NUMBERS, "every")


def further(run: Subject, question: str) -> None:
    """Answer one of the further questions, in the background."""
    if question == ATTACK:
        _attack(run)
    elif question == KERNEL:
        _kernel(run)
    else:
        _training(run)


def _attack(run: Subject) -> None:
    if not run.has(Classifies) or run.spec.kind is not Kind.IMAGE:
        st.info("Only a classifier of images is attacked here: choose one above, or train one on the page Train.")
        return
    task = probe_task(run, CLASS, N_ATTACKED)
    call = partial(
        under_attack, cached.model(run), task.x, task.y, task.sizes, SIZES, n_classes=len(task.names), limit=LIMIT,
        n_shown=SHOWN,
    )  # fmt: skip
    found = _shown(run_task(f"attack {run.key} {len(task.y)}", call), "Attacking the classifier")
    if found is None:
        return
    size = st.select_slider(
        "Size ε of the attack", SIZES, 0.2, key="epsilon", bind="query-params",
        help="Each value is moved by at most so much of the way from black to white, so that the loss rises most",
    )  # fmt: skip
    at = SIZES.index(size)
    st.markdown(_verdict(found, at))
    figure(attacked_figure(found, at, look()), "Errors of the probes of clean, attacked and randomly changed examples")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(":small[**Test examples**]")
        sheet(found.examples, SHOWN, "Test examples")
    with right:
        st.markdown(":small[**Attacked**]")
        sheet(found.moved[at], SHOWN, "The same examples, attacked")
    st.caption(
        f"Probes fitted to {task.sizes[0]:,} clean examples, {LIMIT} features of a layer, tested on {task.sizes[2]:,} "
        "as they are, moved by the sign of the gradient of the network's loss (Goodfellow et al. 2015), and by random "
        "signs of the same size."
    )


def _verdict(found: UnderAttack, at: int) -> str:
    """Where the network loses what its earlier layers still know, in a sentence."""
    errors = found.errors[ATTACKED][:, at]
    best = int(errors.argmin())
    return (
        f"**The network is wrong about {found.network[ATTACKED][at]:.0%} of the attacked examples (clean "
        f"{found.network[CLEAN][0]:.0%}, random signs {found.network[RANDOM][at]:.0%}); the probe of "
        f"{plain(found.layers[best])} only about {errors[best]:.0%}.**"
    )


def _kernel(run: Subject) -> None:
    task = probe_task(run, CLASS, N_KERNEL)
    epochs = [None, *([0] if 0 in run.snapshots else [])]
    tasks = [
        run_task(
            f"kernel {run.key} {epoch} {len(task.y)}",
            partial(kernel_errors, cached.model(run, epoch), task.x, task.y, task.sizes, len(task.names), limit=LIMIT),
        )
        for epoch in epochs
    ]
    titles = ("after training", "before training")
    found = [_shown(one, "Probing kernel components") for one in tasks]
    drawn = {
        title: layer_heat(of.errors, of.layers, [str(n) for n in of.numbers], ("components", "error"), True, look())
        for title, of in zip(titles, found, strict=False)
        if of is not None
    }
    if drawn:
        panels(drawn, "Errors of probes of kernel components")
    st.caption(
        f"The test error of a probe that is given the leading kernel principal components of a layer, of a Gaussian "
        f"kernel whose σ is the median distance of {task.sizes[0]:,} examples: the fewer it needs, the simpler the "
        "layer has made the problem (Montavon et al. 2011)."
    )


def _training(run: Subject) -> None:
    if not run.snapshots:
        st.info("This run has no snapshots: train one with “snapshots” switched on.")
        return
    task = probe_task(run, CLASS, N_LIKE)
    x, epochs = task.x[:N_LIKE], list(run.snapshots)
    models = [cached.model(run, epoch) for epoch in (*epochs, None)]
    found = _shown(
        run_task(f"svcca {run.key} {len(x)}", partial(likeness_to_last, models, x, LIMIT_LIKE)),
        "Comparing layers with those of the end",
    )
    if found is None:
        return
    layers, values = found
    columns = ["untrained" if epoch == 0 else str(epoch) for epoch in epochs]
    heat = layer_heat(values, layers, columns, ("epoch", "mean correlation"), False, look())
    figure(heat, "How alike each layer is to itself at the end of training")
    st.caption(
        f"The mean canonical correlation of a layer at a snapshot with the same layer at the end (SVCCA, Raghu et al. "
        f"2017; {len(x):,} examples, at most {LIMIT_LIKE} features): 1 where it has converged up to a linear map, and "
        f"{unrelated(LIMIT_LIKE, len(x)):.2f} for as many unrelated features."
    )


def _shown(task: Task[T], text: str) -> T | None:
    """The result of a task; until it is there, how far it is."""
    show_tasks([task], Waiting(text), "It can't be measured")
    return task.result
