"""The field of a network that is trained now: its knobs, its loss beside the optimum's, and what it was before."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import Denoiser, NoisyDraws, suited
from latentlab.data import DENSITIES, Dataset, Density
from latentlab.figures.score.profiles import learning_curve
from latentlab.knobs import KnobError, knobs
from latentlab.models import MODELS, Denoises
from latentlab.training.config import TrainConfig
from latentlab.training.incremental import TrainingProgress, TrainingTask, network
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.knob_form import knob_form
from pages.shared.linked_choice import linked_choice
from pages.shared.live_training import name_of, player, so_far, watch
from pages.shared.remember import remember
from pages.shared.text import plain

IN_SIGHT = ("sigma", "hidden", "init", "noise_schedule")
NOT_HERE = ("network", "width", "noise", "share")
N_POINTS = 4_000


def source_of(
    data: Dataset, train: Dataset, density: Density, box: Box, known: bool, where: DeltaGenerator
) -> Denoiser:
    """Draw the knobs and the player, and return the field of the network as far as it has learned, or as it was.

    It learns `train` and is drawn with `data`, whose true density is `known` or estimated.
    """
    task = _task(train, box)
    name = name_of(task)
    now = so_far(name)
    with where:
        shown = now.at(player(name, now))
    try:
        trained = _denoiser(task, shown)
    except (KnobError, ValueError) as error:
        st.error(plain(str(error)))
        st.stop()
    watch(task, name, now)
    draws = _draws(name, density, trained.sigma)
    losses = [_loss(name, step, draws, task, now) for step in now.steps]
    drawn = learning_curve(now.steps, losses, draws.optimum, shown.step, look())
    figure(drawn, "The loss while it learns, beside the optimum's")
    key, title = f"live {name} {shown.step}", f"{task.model} after {shown.step:,} steps"
    return Denoiser(
        key, title, trained.denoise, trained.sigma, data, density, box, known, no_score=trained.no_score
    )  # fmt: skip


def _task(train: Dataset, box: Box) -> TrainingTask:
    """What the knobs say is to be trained."""
    models = sorted(
        (name for name, kind in MODELS.items() if issubclass(kind, Denoises)),
        key=lambda name: -len(knobs(MODELS[name].Config)),
    )  # the one with most to vary first
    with st.popover("Knobs of the network", width="stretch"):
        model = linked_choice("Model", models, models[0], "live-model")
        declared = [k for k in knobs(MODELS[model].Config) if k.name not in NOT_HERE]
        form = f"live-{model}-{train.name}"
        given = suited(declared, box)
        config = knob_form([k for k in declared if k.name in IN_SIGHT], form, given, linked=True)
        config |= knob_form([k for k in declared if k.name not in IN_SIGHT], form, given | config, linked=True)
        config = {name: value for name, value in config.items() if name in {k.name for k in declared}}
        shown = [k for k in knobs(TrainConfig) if k.name in ("epochs", "learning_rate", "seed")]
        how = knob_form(shown, form, {"epochs": 200, "learning_rate": 3e-3}, linked=True)
    how |= {"batch_size": 256, "warmup": 0.5 if config.get("noise_schedule") == "falling" else 0.0}
    x = train.x[:N_POINTS] if train.name in DENSITIES else train.x
    return TrainingTask(model, config, how, x.numpy())


def _denoiser(task: TrainingTask, now: TrainingProgress) -> Denoises:
    model = network(task, now=now)
    if not isinstance(model, Denoises):
        raise TypeError(f"{task.model} doesn't denoise.")
    model.eval().requires_grad_(False)
    return model


@remember(16)
def _draws(name: str, _density: Density, _sigma: float) -> NoisyDraws:  # noqa: ARG001
    return NoisyDraws(_density, _sigma)


@remember(2_000)
def _loss(name: str, step: int, _draws: NoisyDraws, _task: TrainingTask, _now: TrainingProgress) -> float:  # noqa: ARG001
    return _draws.loss(_denoiser(_task, _now.at(step)).denoise(_draws.noisy))
