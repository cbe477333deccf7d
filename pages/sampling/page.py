"""Sampling: chains on what a model learned, or on a density whose truth is known, with what they are worth."""

import streamlit as st

from latentlab.analysis.sampling import Experiment
from latentlab.figures.sampling.chains import moment
from latentlab.subjects import Subject
from pages.components.chains import chains
from pages.navigation import SAMPLING
from pages.sampling.controls import choose_preset, controls
from pages.sampling.diagnostics import compared, diagnostics, judged, truth
from pages.sampling.experiment import Setup, film, film_strip, offers, played
from pages.shared.header import header, look, notes
from pages.shared.images import figure, sheet

DETAILS = ("Diagnostics", "Against the truth", "Side by side")
TRAIL = 14  # steps in sight
FRAMES = 24


@st.fragment
def experiment(run: Subject) -> None:
    """The chains, what moves them, and what they are worth."""
    picture, beside = st.columns([2, 1], gap="large")
    with picture, st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose_preset()
        live = st.toggle(
            "Live", True, key="live", bind="query-params", help="Play the moves; without it, a plain figure"
        )
    with beside:
        setup, burn_in = controls(run)
    try:
        found = played(run, setup)
        told = judged(run, setup, burn_in)
    except ValueError as error:
        picture.error(str(error))
        return
    with picture:
        watch(run, found, live)
        if offers(run)[setup.target].of_image:
            pictures(run, setup, found)
    with beside:
        if setup.rough:  # where a high acceptance is the fault, it must not be praised
            st.warning(
                "By the slope at its start alone, too many steps look good: chains leave the data unnoticed. Take the "
                "path integral, or a much shorter step."
            )
        else:
            st.info(told.advice, icon=":material/lightbulb:")
        n_steps, n_chains = found.chains.accepted.shape
        if n_chains < setup.n_chains:
            st.caption(f"Cut to {n_chains:,} chains of {n_steps:,} steps, so that it answers at once.")
        elif n_steps < setup.n_steps:
            st.caption(f"Cut to {n_steps:,} steps, so that it answers at once; take fewer chains for more.")
    numbers, distances, others = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    if numbers.open:
        with numbers:
            diagnostics(found, told, burn_in)
    if distances.open:
        with distances:
            truth(found, burn_in)
    if others.open:
        with others:
            compared(run, setup)


def watch(run: Subject, found: Experiment, live: bool) -> None:
    """The chains on the plane: played by the browser, or one step at a time."""
    moves = film(found)
    if live:
        chains(f"chains-{run.id}", moves)
        return
    n_steps = len(moves.positions)
    t = st.slider("Step of the chains", 1, n_steps, n_steps, key="moment")
    trail = moves.positions[max(0, t - TRAIL) : t]
    drawn = moment(
        moves.density, moves.data, moves.box, trail, moves.proposals[t - 1], moves.accepted[t - 1], moves.names, look()
    )  # fmt: skip
    figure(drawn, "The chains at this step, with their last steps and what they tried")


def pictures(run: Subject, setup: Setup, found: Experiment) -> None:
    """A chain as pictures: codes that explain the image, or what is seen of it."""
    seen, frames = film_strip(run, setup, found, FRAMES)
    left, right = st.columns([1, 6], vertical_alignment="center")
    with left:
        sheet(seen, 1, "The image, its hidden part gray")
    with right:
        sheet(frames, FRAMES // 2, "Moments of the first chain, decoded, from its start to its end")
    st.caption("The image as the chains see it, and the first chain decoded from its start to its end.")


run = header(SAMPLING)
if run is None:
    st.stop()
experiment(run)
notes(
    "Each dot walks on what is sampled: the shade, where it is known. At every step it tries a place; a green dot was "
    "accepted, a red cross refused. Below, all places so far fill a histogram against the truth. The sentence beside "
    "says what to change first.",
    "Go through what goes wrong. Halve and double the step and watch the acceptance. Hide half of an image, or by the "
    "brush what tells it from others: the chains then walk through the digits that it could be. Choose a denoising "
    "autoencoder's run and let it walk by itself.",
    "Metropolis-Hastings accepts y with probability min(1, p(y)/p(x)); a denoiser gives that ratio by the integral of "
    "its score (r(x) − x)/σ² along the step (Alain & Bengio 2014; Alain 2018, §3.4). R-hat compares the spread between "
    "and within chains, effective draws count what the memory of a chain leaves (Vehtari et al. 2021).",
)
