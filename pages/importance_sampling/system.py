"""The tab of the system: how old weights are, what a threshold keeps, and what is sent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.importance.staleness import ages_in_turn, bytes_a_step, kept_share
from latentlab.analysis.importance.variance import subset_trace
from latentlab.data import spec_of
from latentlab.experiments.importance import tables as importance_tables
from latentlab.experiments.importance.of_run import Heaviness
from latentlab.experiments.importance.system import N, first_steps
from latentlab.experiments.importance.training import Setting
from latentlab.figures.importance.details import age_figure, kept_figure
from latentlab.figures.importance.lanes import lanes_figure
from latentlab.models import MODELS
from latentlab.subjects import StoredRun, Subject
from latentlab.training.importance.recorded import Event, Exchange
from pages.importance_sampling.measured import heaviness, n_examples
from pages.shared.header import look
from pages.shared.images import figure, panels
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain

STEPS, LARGEST = 5, 20  # of the picture, and examples that a worker measures in one
MODES = "Relaxed: the master waits for nobody. Exact: in every step it waits until all are measured"
KEPT = (0.05, 0.15, 0.5, 1.0)  # shares of the weights
SOURCE_RATE, SOURCE_N = 21_375.0, 570_000  # weights a second of three workers, of the house numbers


def draw_system(run: Subject, setting: Setting) -> None:
    """What is exchanged, ages, thresholds, bytes, and what goes wrong with old weights."""
    _lanes(setting)
    many = setting.workers * setting.refresh
    if many:
        ages = ages_in_turn(n_examples(setting), many)
        panels(
            {"How old the weights are": age_figure(ages, look()), "What a threshold keeps": kept_figure(ages, look())},
            "Staleness",
        )
    else:
        st.caption("Without workers each weight stays as it was before the first step.")
    kind = MODELS["mlp"]
    size = kind(kind.Config(depth=setting.depth, hidden=setting.hidden), spec_of(setting.data)).size
    weights, gradient = bytes_a_step(many, size)
    st.markdown(
        f"A worker that measures weights sends a number an example, {weights:,} bytes a step here; one that sends its "
        f"gradient sends a number a parameter, {gradient:,} bytes. In the source, four seconds keep "
        f"{kept_share(4.0, SOURCE_RATE, SOURCE_N):.0%} of {SOURCE_N:,} weights, which three workers refresh at "
        f"{SOURCE_RATE:,.0f} a second. A weight that grows old, or a worker that ends, makes a step vary more and "
        "never biases it."
    )
    if isinstance(run, StoredRun):
        _kept(run)
    rows = importance_tables.bomb_rows(importance_tables.BOMB.read())
    if rows:
        st.markdown("**Old weights and a small constant: an example drawn at last counts too much**")
        st.dataframe(rows, hide_index=True, alt="What old weights do to a training, by the constant")
        st.caption(
            "Digits, η 0.1, 32 examples a step, 1,500 steps: medians, and the range over three seeds. A training that "
            "ends no better than by guessing has diverged. The constant bounds the largest weight; how far the loss "
            "rises doesn't follow from it alone, since steps as long as these make it jump with any weights."
        )


def _lanes(setting: Setting) -> None:
    kinds = {"relaxed": False, "exact": True}
    exact = kinds[linked_choice("Mode", tuple(kinds), "relaxed", "waits", help=MODES)]
    refresh = min(LARGEST, setting.refresh)
    events = _events(setting.workers, refresh, exact)
    st.markdown("**Who leaves what, and who takes it, in the first steps of a training on this engine**")
    figure(lanes_figure(events, exact, look()), "Master, database and workers over the steps of a training")
    ages = [event.step - event.version for event in events if event.what is Exchange.WEIGHTS_TAKEN]
    st.caption(
        f"{N} digits, workers: {setting.workers}, each of which measures {refresh} examples a step (the numbers below "
        f"the lane: which). The oldest weight that the master draws by is {', '.join(map(str, ages))} steps old in "
        "these steps. Parameters go one way and a number an example the other (Alain 2018, Fig. 7.1)."
    )


@remember(16)
def _events(workers: int, refresh: int, exact: bool) -> Sequence[Event]:
    return first_steps(STEPS, workers, refresh, exact)


def _kept(run: StoredRun) -> None:
    """What drawing from a part of the examples costs, at the end of a run."""
    found = heaviness(run).result
    if found is None or not found.norms.all():
        return
    st.markdown(f"**Weights that are dropped, at the end of “{plain(run.title)}”**")
    st.dataframe(
        [
            {
                "weights kept": share,
                "√Tr Σ, ideal weights": _deviation(found, found.norms, share),
                "even weights": _deviation(found, np.ones_like(found.norms), share),
            }
            for share in KEPT
        ],
        hide_index=True,
        column_config={
            "weights kept": st.column_config.NumberColumn(format="percent"),
            **{name: st.column_config.NumberColumn(format="%.4g") for name in ("√Tr Σ, ideal weights", "even weights")},
        },
        alt="The variance of the gradient where only a share of the weights is drawn from",
    )
    st.caption("Expected over random parts: the source hardly sees a difference, and there hardly is one.")


def _deviation(found: Heaviness, weights: Doubles, share: float) -> float:
    return math.sqrt(max(0.0, subset_trace(weights, found.norms, found.mean_norm, share)))
