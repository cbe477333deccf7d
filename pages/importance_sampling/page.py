"""Importance sampling: SGD that draws examples by the length of their gradients, and the examples with the longest."""

from dataclasses import replace
from functools import partial

import streamlit as st

from latentlab.analysis.importance.verdict import of_importance
from latentlab.experiments.importance.of_run import LIVE, Live
from latentlab.experiments.importance.training import SETTINGS, Setting
from latentlab.figures.importance.course import METHODS, TRACES, bands
from latentlab.subjects import Subject
from pages.importance_sampling.examples import draw_examples
from pages.importance_sampling.measured import Course, live, n_examples, shipped, sweep
from pages.importance_sampling.system import draw_system
from pages.importance_sampling.theory import draw_theory
from pages.navigation import IMPORTANCE_SAMPLING
from pages.shared.background import Waiting, show_tasks
from pages.shared.header import header, look, notes
from pages.shared.images import figure, panels
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs

KEPT = {"MNIST, η 0.05": "mnist η 0.05, c 1", "MNIST, η 0.01": "mnist η 0.01, c 0.1"}
NOW = "Digits, now"
RATES, CONSTANTS = (0.01, 0.02, 0.05, 0.1, 0.2), (0.0, 0.01, 0.1, 1.0, 10.0, 1_000.0)
REFRESHED, BATCHES, WRONG = (1, 4, 16, 64, 128, 1_257), (16, 32, 64, 128), (0, 5, 10, 20, 30)


def importance(run: Subject) -> None:
    """The verdict, losses, errors and variances, and three closer looks."""
    said = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        which = linked_choice("Trainings", (*KEPT, NOW), next(iter(KEPT)), "trainings")
        setting = _chosen() if which == NOW else SETTINGS[KEPT[which]]
    made: Live | None = None
    if which == NOW:
        with said:
            task = live(setting)
            show_tasks([task], Waiting("Training six networks"), "They can't be trained")
        made = task.result
        course = Course.of(made.scores) if made else None
    else:
        course = shipped(KEPT[which])
    with picture:
        _draw(course)
    with side:
        _describe(setting)
    if course is not None:
        half, end = len(course.steps) // 2, len(course.steps) - 1
        said.info(of_importance(course.compared(end), course.compared(half)), icon=":material/lightbulb:")
    elif which != NOW:
        said.info("Nothing has been trained yet; `python -m latentlab reproduce importance` does it.")
    tabs(
        {
            "Which examples": partial(draw_examples, run, made, setting),
            "The system": partial(draw_system, run, setting),
            "Theory": draw_theory,
        }
    )


def _chosen() -> Setting:
    """The setting of trainings on the spot."""
    rate = st.select_slider("Step size η", RATES, LIVE.rate, key="rate", bind="query-params")
    constant = st.select_slider(
        "Constant c added to each weight", CONSTANTS, LIVE.smoothing, key="constant", bind="query-params",
        help="0: the lengths alone; large: all examples alike, as plain SGD",
    )  # fmt: skip
    workers = st.slider("Workers", 0, 8, LIVE.workers, key="workers", bind="query-params", help="0: none refreshes")
    refresh = st.select_slider(
        "Weights that each refreshes a step", REFRESHED, LIVE.refresh, key="refresh", bind="query-params",
        help="1,257 are all of them, and then no weight is old",
    )  # fmt: skip
    batch = st.select_slider("Examples in a step", BATCHES, LIVE.batch, key="batch", bind="query-params")
    wrong = st.select_slider("Wrong labels planted, %", WRONG, 0, key="wrong", bind="query-params")
    return replace(
        LIVE, rate=float(rate), smoothing=float(constant), workers=int(workers), refresh=int(refresh),
        batch=int(batch), wrong=int(wrong) / 100,
    )  # fmt: skip


def _draw(course: Course | None) -> None:
    if course is None:
        return
    errors = course.of_each("test_error")
    panels(
        {
            "Training loss, nats": bands(course.steps, course.of_each("loss"), METHODS, look(), "loss", log=True),
            "Test error": bands(course.steps, errors, METHODS, look(), "error", log=True),
        },
        "Importance sampling and plain SGD, medians over seeds",
    )
    drawn = course.values["ISSGD"]
    names = {"ideal": "ideal", "stale + c": "smoothed", "stale": "stale", "uniform": "uniform"}
    st.markdown(":small[**√Tr Σ: how much one drawn example's estimate of the gradient varies, along ISSGD**]")
    traces = {title: drawn[name] for title, name in names.items()}
    figure(bands(course.steps, traces, TRACES, look(), "√Tr Σ"), "Deviation of a gradient drawn in four ways")


def _describe(setting: Setting) -> None:
    again = "never again" if not setting.workers else f"every {sweep(setting):,.0f} steps"
    st.caption(
        f"{n_examples(setting):,} examples of {setting.data}, {setting.depth} layers of {setting.hidden} units, SGD "
        f"with η {setting.rate:g}, {setting.batch} examples a step, c = {setting.smoothing:g}; each weight is measured "
        f"{again}. Three seeds: medians, in bands from the first to the third quartile."
    )


subject: Subject | None = header(IMPORTANCE_SAMPLING)
if subject is None:
    st.stop()
st.fragment(importance)(subject)
notes(
    "Green draws each example in proportion to the length of its gradient, as simulated workers last measured it, and "
    "divides by that; blue is plain SGD. Below, how much a step's estimate varies: with the weights of now (ideal), "
    "with those that are drawn by (stale + c), with these without the constant (stale), and with even ones (uniform).",
    "Train on digits now: raise c to 1,000 and both meet. Let one worker refresh one weight a step, with c = 0. Plant "
    "wrong labels: they are drawn again and again. Then look at the heaviest examples of a run of your own.",
    "Any weights give the gradient without bias, and those in proportion to |g_n| vary least; even ones vary more by "
    "just the variance of the lengths (Alain 2018, ch. 7; Zhao and Zhang 2014). Faster optimisation isn't better "
    "generalisation: the test error is no lower. Lengths by layer: Goodfellow (2015).",
)
