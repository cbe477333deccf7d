"""Dependency networks among the claims: conditionals of a known law, fitted ones, and two that disagree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling import dependency
from latentlab.analysis.sampling.dependency import Fitted, fitted
from latentlab.analysis.stats import total_variation
from latentlab.experiments import dependency as experiment
from latentlab.experiments.dependency import EXACT, KINDS, SIDE, SIZES, STD
from latentlab.figures.sampling.exact_claims import against_law
from latentlab.figures.sampling.image_chains import laws
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain

SITES = list(range(1, SIDE**2 + 1))
TYPED = "typed in"
DISAGREE = (0.2, 0.7, 0.6, 0.1)  # P(x₁=1|x₂=0), P(x₁=1|x₂=1), P(x₂=1|x₁=0), P(x₂=1|x₁=1)
ROUNDING = 1e-9


def dependency_networks() -> None:
    """§5.3.7: every variable has a conditional of its own; what they make together."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        kind = linked_choice("Conditionals", (EXACT, *KINDS, TYPED), "trees", "conditionals")
    if kind == TYPED:
        _two_variables(left, right)
    else:
        _grid(kind, left, right)
    if rows := experiment.table_rows(experiment.read()):
        st.markdown("**Total variation from the true law, over seeds**")
        st.dataframe(rows, hide_index=True, alt="Total variations of fitted dependency networks over seeds")
        st.caption(
            f"An Ising model on {SIDE} × {SIDE} sites, couplings N(0, {STD:g}²): means, and the range over seeds of "
            "couplings and examples. The logistic form is that of the model's own conditionals, the trees' is not. "
            "`python -m latentlab reproduce dependency`."
        )


@remember(32, "Computing the laws …")
def of_grid(kind: str, n: int, seed: int, order: tuple[int, ...]) -> tuple[Doubles, Doubles, Fitted]:
    """The true law, the counts in the examples, and the laws of the conditionals."""
    joint = dependency.ising(SIDE, STD, seed)
    counts = experiment.draw(joint, n, seed)
    return joint, counts, fitted(dependency.exact(joint) if kind == EXACT else KINDS[kind](counts), order)


def _grid(kind: str, left: st.delta_generator.DeltaGenerator, right: st.delta_generator.DeltaGenerator) -> None:
    with left:
        n = int(st.select_slider("Examples", SIZES, SIZES[1], key="fitted-to", bind="query-params"))
        chosen = st.multiselect(
            "Order of the sites", SITES, SITES, key="order", bind="query-params",
            help="As you pick them; those that are left out come last",
        )  # fmt: skip
        seed = int(st.number_input("Seed", 0, 99, 0, key="lab-seed", bind="query-params"))
    joint, counts, found = of_grid(kind, n, seed, _whole(chosen))
    with right:
        shown = {"examples": counts / n, "random scan": found.scan, "in the order": found.forward}
        figure(against_law(joint, shown, look()), "The probability of each state by each law against the true one")
    one = experiment.score(kind, n, seed, joint, counts, found)
    fit = "belong to one joint law" if one.apart < ROUNDING else "belong to no one joint law"
    left.markdown(
        f"These conditionals {fit}: the order and its reverse are {_number(one.apart)} apart. From the true law are "
        f"the random scan {_number(one.scan)}, the order {_number(one.forward)}, and the frequencies of the {n:,} "
        f"examples {_number(one.empirical)}, in total variation."
    )


def _two_variables(left: st.delta_generator.DeltaGenerator, right: st.delta_generator.DeltaGenerator) -> None:
    texts = ("P(x₁=1 | x₂=0)", "P(x₁=1 | x₂=1)", "P(x₂=1 | x₁=0)", "P(x₂=1 | x₁=1)")
    with left:
        a, b, c, d = (
            float(st.slider(text, 0.0, 1.0, usual, 0.05, key=f"typed-{k}", bind="query-params"))
            for k, (text, usual) in enumerate(zip(texts, DISAGREE, strict=True))
        )
    try:
        found = fitted(np.array([[a, a, b, b], [c, d, c, d]]), (0, 1))
    except ValueError as error:
        right.info(plain(str(error)))
        return
    with right:
        shown = {"x₁, then x₂": found.forward, "x₂, then x₁": found.backward, "random scan": found.scan}
        figure(laws(shown, look()), "The laws of the two orders and of the random scan")
        st.caption("States 1 to 4: (x₁, x₂) = (0, 0), (1, 0), (0, 1), (1, 1).")
    half = total_variation(found.scan, (found.forward + found.backward) / 2)
    left.markdown(
        f"The two orders are {_number(total_variation(found.forward, found.backward))} apart. The random scan is "
        f"{_number(half)} from the mean of both, as always with two variables; with three or more it isn't that mean."
    )


def _whole(chosen: Sequence[int]) -> tuple[int, ...]:
    """Each site once, from 0."""
    return tuple(site - 1 for site in dict.fromkeys([*chosen, *SITES]))


def _number(distance: float) -> str:
    return "**0**, to rounding," if distance < ROUNDING else f"**{distance:.2g}**"
