"""Curvature: the extreme eigenvalues of the Hessian over a training, and the loss along their directions."""

import sys
from collections.abc import Mapping
from functools import partial

import streamlit as st

from latentlab.analysis.curvature.measure import Curvature
from latentlab.analysis.curvature.verdict import Steps, of_curvature
from latentlab.experiments.curvature.of_run import Settings, check
from latentlab.figures.curvature.course import eigenvalue_course
from latentlab.figures.curvature.details import density_figure
from latentlab.models import Trains
from latentlab.runs.run import labels
from latentlab.subjects import OwnModel, StoredRun, Subject
from pages.curvature.details import draw_along, draw_source, draw_spectrum, draw_subsets
from pages.curvature.measured import (
    END,
    SMALL,
    course,
    is_small,
    layers,
    n_examples,
    of_training,
    own_task,
    sharpness,
    shipped,
    step_at,
    tasks,
    times,
)
from pages.navigation import CURVATURE, PROBES, TRAIN
from pages.shared.background import Waiting, reason, show_tasks
from pages.shared.choose_second_run import choose_second_run
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

SNAPSHOT: Slot[str] = Slot("curvature-snapshot")
REQUESTED: Slot[tuple[str, ...]] = Slot("curvature-requested")  # large runs that are to be measured all the same
EXAMPLES, PAIRS = (100, 200, 500, 1_000), (3, 5, 10)
USUAL = Settings()


def curvature(run: StoredRun) -> None:
    """The verdict, the eigenvalues over the training, and three closer looks at one snapshot."""
    said = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        SNAPSHOT.settle(list(times(run)), END, of=run.id)
        name = str(
            st.select_slider(
                "After so many epochs", list(times(run)), END, key=SNAPSHOT.name, bind="query-params",
                help="What the verdict and the tabs are about; 0 is before the training",
            )
        )  # fmt: skip
        other = choose_second_run(run, (Trains,), lambda one: one.dataset, "Its eigenvalues and its loss, dashed")
        settings = _settings()
        share = min(1.0, settings.n / n_examples(run))
        st.caption(f"{min(settings.n, n_examples(run)):,} of {n_examples(run):,} examples, {share:.1%}.")
    runs = [run, *([other] if isinstance(other, StoredRun) else [])]
    with picture:
        known = {one.id: _measured(one, settings) for one in runs}
        titled = {title: course(one, known[one.id]) for one, title in zip(runs, labels(runs).values(), strict=True)}
        chosen = step_at(run, name) if name in known[run.id] else None
        figure(eigenvalue_course(titled, chosen, look()), "The largest and the smallest eigenvalues, and the loss")
    found = known[run.id].get(name)
    with side:
        _numbers(run, found)
    if found is None:
        said.info(f"What the curvature is after {_epochs(name)} isn't measured yet.", icon=":material/hourglass_top:")
        return
    rate, optimizer = float(run.training["learning_rate"]), str(run.training.get("optimizer", "adam"))
    steps = Steps(optimizer, rate, sharpness(run, known[run.id]))
    verdict = of_curvature(found, list(layers(run)), steps)
    said.info(f"{verdict} {_against(runs, known, name)}".rstrip(), icon=":material/lightbulb:")
    tabs(
        {
            "Along a direction": partial(
                draw_along, found, {step_at(run, at): one for at, one in known[run.id].items()}
            ),
            "Spectrum per layer": partial(draw_spectrum, layers(run), found),
            "How much data": partial(draw_subsets, run, name, settings.k),
            "Numbers of the source": draw_source,
        }
    )


def own_network(subject: OwnModel) -> None:
    """The same of a classifier of the user's own, which has no snapshots: its own process measures it."""
    said = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with side:
        settings = _settings()
    most = sys.maxsize if subject.id in REQUESTED.get(()) else SMALL
    task = own_task(subject, settings, most)
    if task.error is not None:
        said.info(f"“{plain(subject.title)}”: {plain(reason(task.error))}", icon=":material/info:")
    elif task.result is None:
        with said:
            show_tasks([task], Waiting("Measuring the curvature"), "The curvature can't be measured")
    elif task.result.found is None:
        with said:
            _offer(subject, sum(task.result.layers.values()), 1)
    if task.result is None or task.result.found is None:
        return
    found, named = task.result.found, task.result.layers
    said.info(of_curvature(found, list(named), None), icon=":material/lightbulb:")
    with picture:
        figure(density_figure(found, look()), "How many eigenvalues lie where, about")
    with side:
        _table(found)
        st.caption(f"The cross-entropy of {settings.n:,} labelled examples at most, by {found.size:,} parameters.")
    tabs(
        {
            "Along a direction": partial(draw_along, found, {0: found}),
            "Spectrum per layer": partial(draw_spectrum, named, found),
            "Numbers of the source": draw_source,
        }
    )


def _settings() -> Settings:
    """The controls of how it is measured."""
    n = int(st.select_slider("Examples of the Hessian", EXAMPLES, USUAL.n, key="examples", bind="query-params"))
    k = int(st.select_slider("Eigenvalues of either end", PAIRS, USUAL.k, key="pairs", bind="query-params"))
    return Settings(n, k)


def _measured(run: StoredRun, settings: Settings) -> Mapping[str, Curvature]:
    """What is known of a run at each time, while the rest is being measured; what can't be is said."""
    try:
        check(run.run)
    except ValueError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return {}
    known = dict(shipped(run, settings))
    if not is_small(run) and len(known) < len(times(run)) and run.id not in REQUESTED.get(()):
        _offer(run, run.run.size, len(times(run)))
        return known
    found = tasks(run, settings)
    known |= {name: task.result for name, task in found.items() if task.result is not None}
    if found:
        show_tasks(list(found.values()), Waiting("Measuring the curvature"), "The curvature can't be measured")
    return {name: known[name] for name in times(run) if name in known}


def _offer(subject: Subject, size: int, n_times: int) -> None:
    """That a network is so large that it is measured only if someone asks for it."""
    each = "it takes" if n_times == 1 else f"each of its {n_times} snapshots takes"
    st.info(f"“{plain(subject.title)}” has {size:,} parameters, so {each} minutes.", icon=":material/hourglass_empty:")
    st.button("Measure it", key=f"measure {subject.id}", icon=":material/speed:", on_click=_request, args=(subject.id,))


def _request(run_id: str) -> None:
    REQUESTED.set((*REQUESTED.get(()), run_id))


def _numbers(run: StoredRun, found: Curvature | None) -> None:
    if found is not None:
        _table(found)
    if len(times(run)) == 2:
        st.caption(
            "It has no snapshots between start and end: train with “snapshots” switched on to see what lies there."
        )
    if not of_training(run):
        st.caption("Its data aren't here: the loss is that of the test examples saved with the run.")
    with st.container(horizontal=True):
        PROBES.link("Probe its layers", run=run.id)
        TRAIN.link("Train another", dataset=run.dataset)


def _table(found: Curvature) -> None:
    rows = [
        {"number": "loss", "value": found.loss},
        {"number": "largest λ", "value": found.largest},
        {"number": "smallest λ", "value": found.smallest},
        {"number": "trace", "value": float(found.trace[0])},
        {"number": "|gradient|", "value": found.gradient},
    ]
    st.dataframe(
        rows, hide_index=True, column_config={"value": st.column_config.NumberColumn(format="%.4g")},
        alt="The loss, the extreme eigenvalues, the trace and the length of the gradient",
    )  # fmt: skip


def _against(runs: list[StoredRun], known: Mapping[str, Mapping[str, Curvature]], name: str) -> str:
    """How the second run compares at the same time, if it is there."""
    if len(runs) < 2 or name not in known[runs[1].id]:
        return ""
    one, two = (known[run.id][name] for run in runs)
    return (
        f"After {_epochs(name)} its λ₁ is {one.largest:.3g} at a loss of {one.loss:.3g}; that of "
        f"“{plain(runs[1].title)}” is {two.largest:.3g} at {two.loss:.3g}."
    )


def _epochs(name: str) -> str:
    return "the training" if name == END else f"epoch {name}"


subject: Subject | None = header(CURVATURE)
if isinstance(subject, StoredRun):
    st.fragment(curvature)(subject)
elif isinstance(subject, OwnModel):
    st.fragment(own_network)(subject)
else:
    st.caption("A run whose loss has a gradient is needed, or a torch classifier of your own with labelled examples.")
    st.stop()
notes(
    "The largest and the smallest eigenvalues of the Hessian of the training loss over a fixed subset of the examples, "
    "by size, at each snapshot; the loss is dotted. Blue curves up, red curves down.",
    "Compare RMSProp with SGD: the largest eigenvalue of plain gradient descent rises to about what its step size "
    "bears, 2/η, and falls once every example is learned. Drag the snapshot to 0 and to the end and see where the "
    "parabola leaves the loss along the lowest direction.",
    "Only products H v are needed: v ↦ ∇(gᵀv), by a second backward pass, and ARPACK's Lanczos iteration finds the "
    "ends of the spectrum (Alain 2018, ch. 11). Along a negative direction the parabola has no minimum, but the loss "
    "has one, far beyond 1/|λ|. Sharpness and 2/η: Cohen et al. (2021).",
)
