"""A game that is trained while one watches: settings to begin with, and every step to look back at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from latentlab.analysis.adversarial.on_a_line import OnALine
from latentlab.analysis.adversarial.verdict import of_line
from latentlab.figures.adversarial.game import line_game, value_curve
from latentlab.models import Discriminates
from latentlab.training.incremental import TrainingProgress, TrainingTask, network
from pages.adversarial.measured import Arrows, arrows_of, line_of
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.live_training import name_of, player, so_far, watch
from pages.shared.remember import remember

MODEL = "gan"
N_POINTS = 4_000
LINES = ("gaussian", "bumps")  # data on a line


class Preset(NamedTuple):
    """Settings of a game, and what they show."""

    config: Mapping[str, Any]
    train: Mapping[str, Any]
    about: str


PRESETS = {
    "steady": Preset({}, {}, "A penalty R₁ on the discriminator's slope at the data, and small steps: it settles."),
    "no penalty": Preset(
        {"r1": 0.0}, {"learning_rate": 3e-3}, "Without it and with larger steps the samples chase the discriminator."
    ),
    "small networks": Preset(
        {"hidden": 8, "layers": 1}, {}, "Eight units in one layer: do they tell three bumps apart, and reach them all?"
    ),
    "saturating": Preset(
        {"objective": "saturating", "r1": 0.0}, {},
        "The generator minimises log(1 − D(G(z))), whose gradient fades where the discriminator is sure.",
    ),
}  # fmt: skip


def draw_live() -> None:
    """The presets, the player, and the game at the step that is shown."""
    picture, side = st.columns([2, 1], gap="large")
    with side:
        dataset = linked_choice("Data", LINES, LINES[0], "live-data")
        preset = linked_choice("Preset", tuple(PRESETS), "steady", "live-preset")
        st.caption(PRESETS[preset].about)
        task = _task(dataset, preset)
        name = name_of(task)
        now = so_far(name)
        shown = now.at(player(name, now, "V {:.3f}"))
    watch(task, name, now)
    found, codes = _game(name, shown.step, dataset, task, shown)
    with picture:
        st.markdown(f":small[{of_line(found)}]")
        figure(line_game(found, codes, look(), 420), "The game at this step of the training", "live-game")
    if now.losses:
        steps, values = np.array(now.losses).T
        with side:
            figure(value_curve(steps, values, shown.step, look(), "step"), "V over the steps", "live-value")


def _task(dataset: str, preset: str) -> TrainingTask:
    chosen = PRESETS[preset]
    config = {"z_dim": 1, "hidden": 32, **chosen.config}
    train = {"epochs": 200, "batch_size": 256, "learning_rate": 1e-3, **chosen.train}
    return TrainingTask(MODEL, config, train, cached.splits(dataset).train.x[:N_POINTS].numpy())


@remember(256)
def _game(
    name: str,  # noqa: ARG001
    step: int,  # noqa: ARG001
    dataset: str,
    _task: TrainingTask,
    _now: TrainingProgress,
) -> tuple[OnALine, Arrows | None]:
    model = network(_task, now=_now)
    if not isinstance(model, Discriminates):
        raise TypeError(f"{MODEL} has no discriminator.")
    model.eval().requires_grad_(False)
    return line_of(model, cached.splits(dataset).test.x, dataset), arrows_of(model)
