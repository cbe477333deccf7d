"""The exact chain on ten states: corruption, reconstruction, one step, and clamping to a set."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.sampling.exact_gsn import EXAMPLE, ExactGSN, bayes, clamp, counted, exact_gsn, ring
from latentlab.figures.sampling.image_chains import laws, matrices
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain

CORRUPTION = ring(10)  # of the claims that let nobody choose one
ROUNDING = 1e-9  # a total variation of less is an error of the arithmetic
LEARNED = EXACT, WALKBACK, COUNTED = ("exact", "walkback", "counted")


def exact_chain() -> None:
    """An exact chain on ten states."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        reach = st.slider(
            "Corruption reaches", 1, 3, 2, key="reach", bind="query-params",
            help="States to either side, on a ring of ten",
        )  # fmt: skip
        learned = linked_choice(
            "Reconstruction", LEARNED, default=LEARNED[0], key="learned",
            help="By Bayes' rule for the corruption; by Bayes' rule for the chain's own steps, of geometric number; "
                 "or counted in 5,000 examples",
        )  # fmt: skip
        hidden = st.multiselect("Clamped to states", list(range(1, 11)), [4, 5, 6], key="held", bind="query-params")
    corruption = ring(10, (0.4, 0.2, 0.1, 0.05)[: reach + 1])
    guess = counted(EXAMPLE, corruption, 5_000, 0) if learned == COUNTED else None
    found = exact_gsn(EXAMPLE, corruption, learned == WALKBACK, guess)
    content = {
        "C: corrupt": found.corruption, "R: reconstruct": found.reconstruction, "T = C R: one step": found.kernel
    }  # fmt: skip
    with right:
        figure(matrices(content, look()), "The matrices of corruption, reconstruction and one step")
        figure(
            laws({"the data": found.data, "the chain": found.stationary}, look()),
            "The distribution of the data and of the chain",
        )
    with left:
        st.markdown(
            f"The chain's distribution is {_apart(found.total_variation)} the data's, in total variation. The "
            f"second eigenvalue is **{found.second_eigenvalue:.3f}**: the smaller, the faster the chain mixes."
            + ("" if np.isnan(found.entropy) else f" The entropy of a reconstruction is **{found.entropy:.3f}** nats.")
        )
        _held(found, hidden)


def _apart(total_variation: float) -> str:
    """How far two distributions are from each other, to begin with "from", or that they are the same."""
    return "the same, to rounding, as" if total_variation < ROUNDING else f"**{total_variation:.1e}** from"


def _held(found: ExactGSN, states: list[int]) -> None:
    """The chain clamped to some states: of a compatible pair, and of one that isn't. Walkback's R fits C_WB, not C."""
    inside = np.isin(np.arange(1, 11), states)
    walkback = found.n_iterations > 0
    blurred = 0.7 * found.reconstruction + 0.3 * found.data
    back = bayes(found.data, found.corruption)
    other = found.reconstruction if walkback else 0.7 * np.roll(back, 1, 0) + 0.3 * blurred
    try:
        fitting = clamp(found.trained_on, found.reconstruction, inside)
        wrong = clamp(found.corruption, other, inside)
    except ValueError as error:
        st.info(plain(str(error)))
        return
    pair, unfit = "", "with a reconstruction that doesn't fit the corruption"
    if walkback:
        pair, unfit = (
            " with C_WB, the corruption of several steps that R is Bayes' for",
            "with C, which R isn't Bayes' for",
        )
    st.markdown(
        f"Clamped to {', '.join(map(str, states))}{pair}: {_apart(fitting.total_variation)} the conditional "
        f"distribution; {unfit}: **{wrong.total_variation:.3f}**."
    )
