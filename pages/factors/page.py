"""Factors: which dimension of a code says what of the factors that made the data, and how well they are separated."""

from functools import partial

import numpy as np
import streamlit as st

from latentlab.analysis.disentanglement.scores import Disentanglement, disentanglement
from latentlab.analysis.disentanglement.verdict import of_factors
from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.experiments import factor_grid, solids
from latentlab.experiments import factors as experiment
from latentlab.figures.disentanglement.matrix import (
    factor_matrix,
    factor_strips,
    height_of_row,
    score_grid,
    values_by_level,
)
from latentlab.models import Decodes, Encodes
from latentlab.subjects import Subject
from pages.factors.known import held, information_of
from pages.navigation import FACTORS, TRAIN, TRAVERSAL
from pages.shared import cached
from pages.shared.background import Task, Waiting, run_task, show_tasks
from pages.shared.choose_second_run import choose_second_run
from pages.shared.dimensions import carries
from pages.shared.example_view import appearance_of
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs
from pages.shared.text import plain

SHOWN = 10  # dimensions, those that carry most
STEPS = 9  # examples along a dimension
INFORMATION, IMPORTANCE = "information", "importance to a forest"
SEED = 0


@st.fragment
def factors(run: Subject) -> None:
    """The verdict, the matrix of dimensions and factors with what each dimension shows, and closer looks."""
    known = held(run)
    if not known.factors:
        st.info(
            "Nothing is known of what made these examples: they have no classes, and nothing is measured of them. How "
            "independent their dimensions are, Traversal says; whether one means something, only factors can. Columns "
            "of your own data can be factors.",
            icon=":material/lightbulb:",
        )
        TRAVERSAL.link("Traverse it", run=run.id)
        return
    found = information_of(run)
    st.info(of_factors(found, known.factors, known.dimensions), icon=":material/lightbulb:")
    picture, side = st.columns([3, 1], gap="large")
    with side:
        what = linked_choice("The numbers are", (INFORMATION, IMPORTANCE), INFORMATION, "numbers")
        other = choose_second_run(
            run, (Encodes,), lambda one: (one.dataset, one.shape), "The same of another model, below"
        )
        st.caption(_about(what, len(known.codes), known.are_true))
        TRAVERSAL.link("Traverse it", run=run.id)
        TRAIN.link("Train another", model="tcvae", dataset=run.dataset)
    with picture:
        for one in [run] if other is None else [run, other]:
            if other is not None:
                st.markdown(f"**{plain(one.title)}**")
            _matrix(one, what)
    tabs(
        {
            "All scores": partial(_scores, run, other),
            "A factor along a dimension": partial(_levels, run),
            "β and the size of the code": _grid,
        }
    )


def _about(what: str, n: int, are_true: bool) -> str:
    """What the numbers of the matrix are."""
    if what == INFORMATION:
        said = f"Mutual information of a dimension and a factor, in percent of the factor's entropy, of {n:,} examples."
    else:
        said = (
            f"How much a forest that names the factor's level relies on each dimension, in percent, of {n:,} examples."
        )
    if are_true:
        return said
    return f"{said} These factors are measured of the examples, not what made them, and depend on each other."


def _matrix(run: Subject, what: str) -> None:
    known, where = held(run), cached.dimensions(run)
    rows = where.order[: min(SHOWN, max(1, int(where.active.sum())))]
    if what == INFORMATION:
        values = information_of(run).shares
    else:
        task = scores(run)
        show_tasks([task], Waiting("Fitting forests"), "The scores can't be computed")
        if task.result is None:
            return
        values = task.result.importance.weights
    names, alt = [dimension_name(int(axis)) for axis in rows], f"{run.title}"
    if not run.has(Decodes):
        figure(factor_matrix(values[rows], known.factors, names, what, look()), f"What each dimension says: {alt}")
    else:
        drawn, code = appearance_of(run), (0.0,) * len(where.order)
        strips = np.stack([cached.strip(run, code, int(axis), STEPS).examples for axis in rows])
        said = [f"{name}: {carries(where, int(axis))}" for name, axis in zip(names, rows, strict=True)]
        left, right = st.columns([11, 9], gap="small")
        with left:
            figure(factor_strips(strips, known.factors, said, drawn, look()), f"What each dimension shows: {alt}")
        with right:
            of = factor_matrix(values[rows], known.factors, names, what, look(), height_of_row(drawn))
            figure(of, f"What each dimension says of each factor: {alt}")
    n_more, n_unused = len(where.order) - len(rows), int((~where.active).sum())
    if n_more:
        rest = "the others are unused" if n_unused == n_more else f"of {n_more} others {n_unused} are unused"
        st.caption(f"The {len(rows)} dimensions that carry most; {rest}.")


def scores(run: Subject) -> Task[Disentanglement]:
    """All scores of a run's code, from the background process."""
    known = held(run)
    return run_task(f"disentanglement {run.key}", partial(disentanglement, known.codes, known.levels, SEED))


def _scores(run: Subject, other: Subject | None) -> None:
    """The scores of the runs, and of the codes of the experiment where the data are its own."""
    runs = [run] if other is None else [run, other]
    tasks = [scores(one) for one in runs]
    show_tasks(tasks, Waiting("Computing all scores"), "The scores can't be computed")
    rows = [
        {"model": one.title} | {name: f"{100 * value:.1f}" for name, value in task.result.values.items()}
        for one, task in zip(runs, tasks, strict=True)
        if task.result is not None
    ]
    if rows:
        st.dataframe(rows, hide_index=True, alt="Every score of the chosen models, in percent")
        chance = 1 / len(held(run).factors)
        st.caption(
            f"In percent. The two metrics name the factor that examples share: chance is {chance:.0%}. MIG and SAP are "
            "the lead of the best dimension over the second best; disentanglement asks whether a dimension is for one "
            "factor, completeness whether a factor is in one dimension, informativeness and explicitness how well "
            "factors are read from all of them."
        )
    _over_seeds(run.dataset)


def _over_seeds(dataset: str) -> None:
    """What an experiment on these data found, if one did."""
    rows, said = list[dict[str, str]](), ""
    if dataset == experiment.DATA:
        rows, said = experiment.table_rows(experiment.TABLE.read()), experiment.NOTE
    elif dataset == solids.DATA:
        rows, said = solids.table_rows(solids.TABLE.read()), solids.NOTE
    if rows:
        st.markdown("**Codes of these data, over seeds**")
        wide = {"code": st.column_config.TextColumn(width=190)}
        alt = "The scores of several codes over seeds"
        st.dataframe(rows, height="content", hide_index=True, column_config=wide, alt=alt)
        st.caption(f"Mean ± its standard error over the seeds. {said} `python -m latentlab reproduce factors`")


def _levels(run: Subject) -> None:
    """One dimension at each level of one factor."""
    known, where = held(run), cached.dimensions(run)
    best = information_of(run).shares
    left, right = st.columns(2)
    factor = left.selectbox("Factor", known.factors, key="factor", bind="query-params")
    k = known.factors.index(factor)
    order = [int(axis) for axis in np.argsort(-best[:, k])]
    axis = right.selectbox(
        "Dimension", order, format_func=lambda one: f"{dimension_name(one)}: {best[one, k]:.0%}", key=f"dimension {k}"
    )
    values = (known.codes[:, axis] - where.center[axis]) / where.scale[axis]
    figure(
        values_by_level(values, known.levels[:, k], factor, f"{dimension_name(axis)}, σ", known.values[k], look()),
        f"The values of {dimension_name(axis)} at each level of {factor}",
    )


def _grid() -> None:
    """The experiment that varies β and the size of the code."""
    found = factor_grid.TABLE.read()
    if not found:
        st.caption("This experiment has not been run: `python -m latentlab reproduce factors-grid`.")
        return
    left, right = st.columns(2, gap="large")
    for place, title, score in (
        (left, "β-VAE metric, %", lambda one: one.beta_vae), (right, "Mutual information gap, %", lambda one: one.mig),
    ):  # fmt: skip
        values = factor_grid.on_grid(found, score)
        with place:
            st.markdown(f"**{title}**")
            figure(score_grid(values, factor_grid.BETAS, factor_grid.SIZES, title, look()), title)
    st.caption(factor_grid.note(found))


run = header(FACTORS)
if run is None:
    st.stop()
factors(run)
notes(
    "One row a dimension of the code, one column a factor of the data: how much the dimension alone says of the "
    "factor. On the left what changes along the dimension.",
    "Compare the VAE with one whose β falls from a large one, a penalty on the total correlation, or DC-IGN, which "
    "learned from examples that differ in one factor. Which factors get a dimension of their own, and which are lost?",
    "A code is called disentangled if each dimension is for one factor. What made the data can't be known from the "
    "data alone (Locatello et al. 2019): without factors no score says it, and with them each asks something else.",
)
