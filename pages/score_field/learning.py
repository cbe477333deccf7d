"""Incremental training: the background process trains a network in short pieces while someone watches."""

from __future__ import annotations

from dataclasses import astuple
from functools import partial
from typing import Any

import streamlit as st

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import Denoiser
from latentlab.data import DENSITIES, Dataset, Density, load
from latentlab.jobs.stepwise import Stepwise
from latentlab.knobs import Knob, KnobError, knobs
from latentlab.models import MODELS, Denoises
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.training.config import TrainConfig
from latentlab.training.incremental import TrainingProgress, TrainingTask, advance, network
from pages.components import digest
from pages.shared.background import background, next_step, reason
from pages.shared.knob_form import knob_form
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot, visitor

RUNNING: Slot[str] = Slot("live-running")  # the lesson that this visitor has going
SECONDS = 0.7  # of training between two pictures
EVERY = 0.5  # seconds between two looks at the background process
IN_SIGHT = ("sigma", "hidden", "init", "noise_schedule")
NOT_HERE = ("network", "width", "noise", "share")
N_POINTS = 4_000


def source_of(data: Dataset, density: Density, box: Box, known: bool) -> Denoiser:
    """Draw the knobs and the buttons, and return the field of the network as far as it has learned."""
    reach = round(max(abs(v) for v in astuple(box)), 2)
    settings = st.popover("Knobs of the network", width="stretch")
    models = sorted(
        (name for name, kind in MODELS.items() if issubclass(kind, Denoises)),
        key=lambda name: -len(knobs(MODELS[name].Config)),
    )  # the one with most to vary first
    with settings:
        model = linked_choice("Model", models, models[0], "live-model")
    declared = [k for k in knobs(MODELS[model].Config) if k.name not in NOT_HERE]
    form = f"live-{model}-{data.name}"
    given: dict[str, Any] = {"hidden": 128, "reach": reach, "slope": 5.0}
    given |= {"sigma": max(round(0.02 * box.width, 3), 1e-3), "sigma_far": round(min(0.2 * box.width, 10.0), 3)}
    given = {k.name: _within(k, given[k.name]) for k in declared if k.name in given}
    with settings:
        config = knob_form([k for k in declared if k.name in IN_SIGHT], form, given, linked=True)
        config |= knob_form([k for k in declared if k.name not in IN_SIGHT], form, given | config, linked=True)
        config = {name: value for name, value in config.items() if name in {k.name for k in declared}}
        shown = [k for k in knobs(TrainConfig) if k.name in ("epochs", "learning_rate", "seed")]
        train = knob_form(shown, form, {"epochs": 200, "learning_rate": 3e-3}, linked=True)
    train |= {"batch_size": 256, "warmup": 0.5 if config.get("noise_schedule") == "falling" else 0.0}
    training_task = TrainingTask(model, config, train, _points(data))
    name = _name(training_task)
    now = _lessons().last(name, TrainingProgress())
    if now.done and running(name):
        RUNNING.forget()
    if running(name):
        st.button("Stop", key="live-stop", icon=":material/stop:", on_click=_end, args=(name,))
    else:
        st.button(
            "Train", "live-start", FOR_LOOKING if is_read_only() else None, _start, (name,), type="primary",
            icon=":material/play_arrow:", disabled=is_read_only(),
        )  # fmt: skip
    try:
        trained = network(training_task, now=now)
    except (KnobError, ValueError) as error:
        st.error(plain(str(error)))
        st.stop()
    if running(name):
        st.fragment(_watch, run_every=EVERY)(training_task, name, now)
    progress(now)
    if not isinstance(trained, Denoises):
        raise TypeError(f"{model} doesn't denoise.")
    key = f"live {name} {now.step}"
    return Denoiser(
        key, f"{model} after {now.step:,} steps", _frozen(trained), trained.sigma, data, density, box, known,
        no_score=trained.no_score,
    )  # fmt: skip


def _within(knob: Knob, value: float) -> float:
    """The value, or the nearest that the knob allows: points may lie far apart, or almost coincide."""
    return min(max(value, knob.low if knob.low is not None else value), knob.high if knob.high is not None else value)


def progress(now: TrainingProgress) -> None:
    """How far it is, in a line."""
    if not now.step:
        st.caption("Not trained yet: these are the initial parameters.")
        return
    loss = f"loss {now.losses[-1][1]:.4g} σ² · " if now.losses else ""
    done = "done" if now.done else f"{now.step / max(now.n_steps, 1):.0%}"
    st.caption(f"{loss}{now.step:,} of {now.n_steps:,} steps · {now.seconds:.0f} s · {done}")


def running(name: str) -> bool:
    """Whether this browser has the training running."""
    return RUNNING.get() == name


@remember(1)
def _lessons() -> Stepwise[TrainingProgress]:
    """How far each lesson is; a visitor's own, which nobody else sees or stops."""
    return Stepwise(background())


def _frozen(model: Denoises) -> Any:
    model.eval().requires_grad_(False)
    return model.denoise


def _points(data: Dataset) -> Any:
    if data.name in DENSITIES:
        return load(data.name).train.x[:N_POINTS].numpy()
    return data.x.numpy()


def _name(training_task: TrainingTask) -> str:
    settings = repr(
        (
            visitor(),
            training_task.model,
            sorted(training_task.config.items()),
            sorted(training_task.train.items()),
            training_task.x.shape,
        )
    )
    return digest(settings.encode(), training_task.x)


def _start(name: str) -> None:
    if _lessons().last(name, TrainingProgress()).done:
        _lessons().start_again(name)
    RUNNING.set(name)


def _end(name: str) -> None:
    """Stop, and draw all of the page: of a fragment drawn alone the browser at times keeps the button that went."""
    _stop(name)
    st.rerun()


def _stop(name: str) -> None:
    RUNNING.forget()
    _lessons().stop(name, visitor())


def _watch(training_task: TrainingTask, name: str, drawn: TrainingProgress) -> None:
    """Ask for the next step, and draw again when there is a later one than what is drawn."""
    if _lessons().last(name, TrainingProgress()).step != drawn.step:
        st.rerun()
    task = next_step(_lessons(), name, partial(advance, training_task, seconds=SECONDS), TrainingProgress())
    if task.error is not None:
        _stop(name)
        st.error(reason(task.error))
    elif not drawn.step:
        st.caption("Starting the background process …")
