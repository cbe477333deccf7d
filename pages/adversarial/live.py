"""A game that is trained while one watches: settings to begin with, and every step to look back at."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.adversarial.on_a_line import OnALine
from latentlab.analysis.adversarial.verdict import of_line, of_modes, of_value
from latentlab.data import DENSITIES
from latentlab.experiments.adversarial.presets import (
    GAMES,
    MODEL,
    N_TRAINED,
    PRESETS,
    TABLE,
    settings,
    summary,
    table_rows,
)
from latentlab.figures.adversarial.game import line_game, plane_game, value_curve
from latentlab.models import Discriminates
from latentlab.training.incremental import TrainingProgress, TrainingTask, network
from pages.adversarial.measured import Arrows, InThePlane, arrows_of, line_of, plane_of
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.live_training import name_of, player, so_far, watch
from pages.shared.remember import remember

SHOWN = 1_000  # examples in the plane


def draw_live(shape: tuple[int, ...]) -> None:
    """The presets, the player, and the game at the step that is shown, of data of a shape."""
    known = [name for name in GAMES if DENSITIES[name].means.shape[1:] == shape]
    picture, side = st.columns([2, 1], gap="large")
    with side:
        dataset = linked_choice("Data", known, known[0], "live-data")
        preset = linked_choice("Preset", tuple(PRESETS), "steady", "live-preset")
        measured = [one for one in TABLE.read() if (one.dataset, one.preset) == (dataset, preset)]
        st.caption(f"{PRESETS[preset].about} {summary(measured)}")
        task = _task(dataset, preset)
        name = name_of(task)
        now = so_far(name)
        shown = now.at(player(name, now, "V {:.3f}"))
    watch(task, name, now)
    with picture:
        drawn = _draw_line if shape == (1,) else _draw_plane
        drawn(name, shown.step, dataset, task, shown)
    if now.losses:
        steps, values = np.array(now.losses).T
        with side:
            figure(value_curve(steps, values, shown.step, look(), "step"), "V over the steps", "live-value")
    if scores := TABLE.read():
        with st.expander("All presets, over seeds"):
            st.dataframe(table_rows(scores), hide_index=True, alt="What each preset leads to, over seeds")
            st.caption("Mean ± standard deviation of trainings to the end: `python -m latentlab reproduce presets`.")


def _draw_line(name: str, step: int, dataset: str, task: TrainingTask, shown: TrainingProgress) -> None:
    found, codes = _on_a_line(name, step, dataset, task, shown)
    st.markdown(f":small[{of_line(found)}]")
    figure(line_game(found, codes, look(), 420), "The game at this step of the training", "live-game")


def _draw_plane(name: str, step: int, dataset: str, task: TrainingTask, shown: TrainingProgress) -> None:
    found = _in_the_plane(name, step, dataset, task, shown)
    st.markdown(f":small[{of_modes(found.modes, found.value) if found.modes else of_value(found.value)}]")
    drawn = plane_game(task.x[:SHOWN], found.samples, None, found.certainty, found.box, look())
    figure(drawn, "The game at this step of the training", "live-game")


def _task(dataset: str, preset: str) -> TrainingTask:
    config, train = settings(dataset, PRESETS[preset])
    return TrainingTask(MODEL, config, train, cached.splits(dataset).train.x[:N_TRAINED].numpy())


@remember(256)
def _on_a_line(
    name: str,  # noqa: ARG001
    step: int,  # noqa: ARG001
    dataset: str,
    _task: TrainingTask,
    _now: TrainingProgress,
) -> tuple[OnALine, Arrows | None]:
    model = _discriminating(_task, _now)
    return line_of(model, cached.splits(dataset).test.x, dataset), arrows_of(model)


@remember(256)
def _in_the_plane(
    name: str,  # noqa: ARG001
    step: int,  # noqa: ARG001
    dataset: str,
    _task: TrainingTask,
    _now: TrainingProgress,
) -> InThePlane:
    return plane_of(_discriminating(_task, _now), cached.splits(dataset).test.x[:SHOWN], dataset)


def _discriminating(task: TrainingTask, now: TrainingProgress) -> Discriminates:
    model = network(task, now=now)
    if not isinstance(model, Discriminates):
        raise TypeError(f"{MODEL} has no discriminator.")
    model.eval().requires_grad_(False)
    return model
