"""Dependency networks among the claims: conditionals of a known law, fitted ones, and two that disagree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.sampling import dependency
from latentlab.analysis.sampling.dependency import Fitted, fitted
from latentlab.analysis.stats import total_variation
from latentlab.data import load
from latentlab.experiments import dependency as experiment
from latentlab.experiments.dependency import EXACT, KINDS, SIDE, SIZES, STD
from latentlab.figures.sampling.exact_claims import against_law
from latentlab.figures.sampling.image_chains import laws
from pages.shared.header import look
from pages.shared.images import figure, sheet
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain

SITES = list(range(1, SIDE**2 + 1))
TYPED, DIGITS = "typed in", "of digits"
THRESHOLD = 128  # intensity from which a value counts as 1
PENALTY = 1.0  # L2 of the digits' conditionals: some values are 0 in all examples
CHAINS, FRAMES = 6, 16
DISAGREE = (0.2, 0.7, 0.6, 0.1)  # P(x₁=1|x₂=0), P(x₁=1|x₂=1), P(x₂=1|x₁=0), P(x₂=1|x₁=1)
ROUNDING = 1e-9


def dependency_networks() -> None:
    """§5.3.7: every variable has a conditional of its own; what they make together."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        kind = linked_choice("Conditionals", (EXACT, *KINDS, TYPED, DIGITS), "trees", "conditionals")
    if kind == DIGITS:
        _digits(left, right)
        return
    if kind == TYPED:
        _two_variables(left, right)
    else:
        _grid(kind, left, right)
    if rows := experiment.table_rows(experiment.TABLE.read()):
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


def _grid(kind: str, left: DeltaGenerator, right: DeltaGenerator) -> None:
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


def _two_variables(left: DeltaGenerator, right: DeltaGenerator) -> None:
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


@remember(1, "Fitting 64 conditionals …")
def of_digits() -> tuple[Doubles, tuple[float, float, float]]:
    """The weights of the conditionals of 8 × 8 digits, and log-pseudolikelihoods in nats.

    Of the training and of the test examples, and of the latter by values that don't depend on each other.
    """
    splits = load("digits")
    train, test = ((part.x.flatten(1) >= THRESHOLD).numpy() for part in (splits.train, splits.test))
    weights = dependency.pseudolikelihood(train, np.ones(len(train)), PENALTY)
    alone = (train.sum(0) + 1) / (len(train) + 2)
    independent = np.log(np.where(test, alone, 1 - alone)).sum(1).mean()
    known = [float(dependency.log_pseudolikelihood(weights, part).mean()) for part in (train, test)]
    return weights, (known[0], known[1], float(independent))


def _digits(left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        noise = st.toggle("Start at noise", key="digits-noise", bind="query-params")
        seed = int(st.number_input("Seed", 0, 99, 0, key="lab-seed", bind="query-params"))
    weights, (train, test, independent) = of_digits()
    rng, known = np.random.default_rng(seed), load("digits").test.x[:CHAINS].flatten(1).numpy() >= THRESHOLD
    x = rng.random(known.shape) < 0.5 if noise else known
    frames = [x]
    while len(frames) < FRAMES:
        frames.append(x := dependency.scan(weights, x, rng))
    with right:
        rows = np.stack(frames, 1).reshape(-1, 1, 8, 8).astype(np.float32)
        sheet(rows, FRAMES, "Chains of digits by a dependency network, a row for each")
        st.caption("Each row is a chain; from example to example 64 of its values, drawn at random, are drawn anew.")
    left.markdown(
        f"Each of 64 values of a digit has a logistic regression on the others. Of test examples the "
        f"log-pseudolikelihood is **{test:.1f}** nats (training: {train:.1f}; values that don't depend on each other: "
        f"{independent:.1f}). Pairs of values are all that such conditionals know: what the chains draw comes to "
        "resemble strokes more than digits."
    )


def _whole(chosen: Sequence[int]) -> tuple[int, ...]:
    """Each site once, from 0."""
    return tuple(site - 1 for site in dict.fromkeys([*chosen, *SITES]))


def _number(distance: float) -> str:
    return "**0**, to rounding," if distance < ROUNDING else f"**{distance:.2g}**"
