"""Sampling: chains on what a model learned, or on a density that is known exactly, with diagnostics."""

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.sampling import Diagnostics, Experiment, Remedy
from latentlab.data import Kind
from latentlab.figures.sampling.chains import chains_at_step
from latentlab.models import Samples
from latentlab.subjects import Subject
from pages.components.chains import chains
from pages.navigation import SAMPLING
from pages.sampling.completions import completed
from pages.sampling.controls import choose_preset, controls
from pages.sampling.diagnostics import compared, diagnose_experiment, diagnostics, truth
from pages.sampling.downloads import downloads
from pages.sampling.experiment import (
    DENSITY,
    Setup,
    film,
    film_strip,
    offers,
    played,
    playing,
    problem,
    runs_elsewhere,
    sampler,
)
from pages.sampling.remedies import offer
from pages.sampling.samples import drawn_samples, sheet
from pages.shared.background import Waiting, show_tasks
from pages.shared.example_view import appearance_of, show
from pages.shared.header import header, look, notes
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

DISAGREE = 1.1  # R-hat from which on the advice says that chains are stuck
TRAIL = 14  # steps in sight
FRAMES = 24
CHAINS, SAMPLES = "chains", "its own samples"
STEP: Slot[int] = Slot("chain-step")


@st.fragment
def experiment(run: Subject) -> None:
    """The chains, their sampler, and their diagnostics."""
    verdict = st.container()
    picture, side = st.columns([2, 1], gap="large")
    with picture, st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose_preset()
        live = st.toggle(
            "Animation", True, key="live", bind="query-params", help="Play the moves; without it, a plain figure"
        )
        overlay, files = st.empty(), st.empty()
    with side:
        setup, burn_in, stepping = controls(run)
    try:
        with picture:
            found = run_chains(run, setup)
        if found is None:
            verdict.info("What to change first is said here once the chains have run.", icon=":material/lightbulb:")
            return
        measured = diagnose_experiment(run, setup, burn_in, found.chains.accepted.shape, found)
    except ValueError as error:
        picture.error(plain(str(error)))
        return
    with picture:
        watch(run, found, live, own_samples(run, setup, overlay))
        if offers(run)[setup.target].of_image:
            pictures(run, setup, found)
            if setup.mask is not None and run.spec.kind is Kind.IMAGE:
                completed(run, setup, burn_in, found)
    if setup.adapt:
        stepping.caption(about_step(run, setup, found))
    with verdict:
        advise(run, setup, burn_in, found, measured)
    with files:
        downloads(run, setup, found, burn_in)
    tabs(
        {
            "Diagnostics": partial(diagnostics, found, sampler(run, setup), measured, burn_in),
            "Against the truth": partial(truth, run, setup, found, burn_in),
            "Side by side": partial(compared, run, setup),
        }
    )


def run_chains(run: Subject, setup: Setup) -> Experiment | None:
    """The chains; what is available at once, or None, while the background process is at it, which is said.

    A posterior of an example is always run to the length that was requested.

    Raises:
        ValueError: they can't be run; one sentence.
    """
    found = None if runs_elsewhere(run, setup) else played(run, setup)
    if found is not None and not (offers(run)[setup.target].of_image and is_cut(setup, found)):
        return found
    stopped: Slot[bool] = Slot(f"cancelled chains {run.key} {setup}")
    if stopped.get():
        st.button("Run the chains", on_click=stopped.forget, icon=":material/play_arrow:")
        return found
    task = playing(run, setup)
    if task.result is None:
        after = "" if found is None else "Until then fewer of them are shown."
        waiting = Waiting("Running the chains", after, on_cancel=lambda: stopped.set(True))
        show_tasks([task], waiting, "The chains can't be run")
    return task.result or found


def is_cut(setup: Setup, found: Experiment) -> bool:
    """Whether an experiment has fewer steps or chains than requested."""
    return found.chains.accepted.shape != (setup.n_steps, setup.n_chains)


def advise(run: Subject, setup: Setup, burn_in: float, found: Experiment, measured: Diagnostics) -> None:
    """What to change first, with a button for each change that the sentence names."""
    remedies = measured.remedies
    if setup.rough:  # where a high acceptance is the fault, it must not be praised
        st.warning(
            "With the score at the start alone, too many steps are accepted: chains leave the data unnoticed. "
            "Use the path integral, or a much shorter step."
        )
        remedies = (Remedy.INTEGRATE, Remedy.SHORTEN_STEP)
    elif measured.r_hat.max() < DISAGREE and (unseen := found.missed(burn_in)):
        mode = unseen[0]
        where = ", ".join(f"{value:.2g}" for value in mode.mean)
        ever = "No chain ever visited" if not mode.visited else "Next to no chain visited"
        st.warning(
            f"{ever} the mode around ({where}), which holds {mode.weight:.0%} of the probability. R-hat can't see "
            "that. Use parallel tempering, or start from the data."
        )
        remedies = (Remedy.TEMPER, Remedy.START_AT_DATA)
    else:
        st.info(measured.advice, icon=":material/lightbulb:")
    n_steps, n_chains = found.chains.accepted.shape
    if n_steps < setup.n_steps:  # more of them would be cut as well
        remedies = (*(one for one in remedies if one is not Remedy.RUN_LONGER), Remedy.FEWER_CHAINS)
    offer(remedies, problem(run, setup), setup, burn_in)
    if n_chains < setup.n_chains:
        st.caption(f"Reduced to {n_chains:,} chains of {n_steps:,} steps, so that the result is available at once.")
    elif n_steps < setup.n_steps:
        st.caption(
            f"Reduced to {n_steps:,} steps, so that the result is available at once; run fewer chains for more steps."
        )


def about_step(run: Subject, setup: Setup, found: Experiment) -> str:
    """What step was found, in a sentence."""
    chosen = problem(run, setup)
    sought = sampler(run, setup).acceptance_target(chosen.dim)
    when = f"in the first {found.n_burnt(setup.adapt):,} steps"
    rate = "" if sought is None else f" for an acceptance of {100 * sought:.3g} %"
    return f"Step **{found.scale:.3g}**, found {when}{rate}, and kept."


def own_samples(run: Subject, setup: Setup, place: DeltaGenerator) -> NDArray[np.floating] | None:
    """What the model samples by itself, to be drawn behind chains on its density, if that is chosen and there."""
    if setup.target != DENSITY or not run.has(Samples):
        return None
    text = "What the model samples by itself, as dots behind the chains"
    if not place.toggle("Its own samples", key="own-samples", bind="query-params", help=text):
        return None
    found = drawn_samples(run)
    return None if found is None else found.samples


def watch(run: Subject, found: Experiment, live: bool, samples: NDArray[np.floating] | None = None) -> None:
    """The chains on the plane, and samples behind them: played by the browser, or one step at a time."""
    moves = film(found, samples)
    if live:
        chains(f"chains-{run.id}", moves)
        return
    n_steps = len(moves.positions)
    STEP.settle(range(1, n_steps + 1), n_steps)
    t = st.slider("Step of the chains", 1, n_steps, n_steps, key=STEP.name, bind="query-params")
    trail = moves.positions[max(0, t - TRAIL) : t]
    drawn = chains_at_step(
        moves.density, moves.data, moves.box, trail, moves.proposals[t - 1], moves.accepted[t - 1], moves.names, look(),
        "examples" if samples is None else "its own samples", None if moves.paths is None else moves.paths[t - 1],
    )  # fmt: skip
    figure(drawn, "The chains at this step, with their last steps and their proposals")


def pictures(run: Subject, setup: Setup, found: Experiment) -> None:
    """A chain as examples: codes that explain the example, or its visible part."""
    source, frames = film_strip(run, setup, found, FRAMES)
    left, right = st.columns([1, 6] if run.spec.kind is Kind.IMAGE else [2, 3], vertical_alignment="center")
    with left:
        show(appearance_of(run), source, 1, "The example, its hidden part left out")
    with right:
        show(appearance_of(run), frames, FRAMES // 2, "States of the first chain, decoded, from its start to its end")
    st.caption("The example as given to the chains, and the first chain decoded from its start to its end.")


run = header(SAMPLING)
if run is None:
    st.stop()
shown = CHAINS
if run.has(Samples):
    first = CHAINS if any(one.of_run for one in offers(run).values()) else SAMPLES
    shown = linked_choice("Show", (CHAINS, SAMPLES), first, "show", label_visibility="collapsed")
if shown == CHAINS:
    experiment(run)
else:
    sheet(run)
notes(
    "Each dot is a chain on the density that is sampled, which is shaded where it is known. At every step it proposes "
    "a position: a green dot was accepted, a red cross rejected; of HMC and NUTS a line is the path to it. Below, the "
    "histogram of all positions so far, compared with the truth. The sentence above says what to change first.",
    "Try the presets of what goes wrong. Halve and double the step and watch the acceptance rate. Hide half of an "
    "example, or what distinguishes it from others: the chains then visit all that it could "
    "be. Choose a denoising autoencoder's run and let it run its own chain. Show a model's own samples: is one of them "
    "a copy of an example?",
    "Metropolis-Hastings accepts y with probability min(1, p(y)/p(x)); a denoiser gives that ratio by the integral of "
    "its score (r(x) − x)/σ² along the step (Alain & Bengio 2014; Alain 2018, §3.4). R-hat compares the variance "
    "between and within chains; the effective sample size corrects for the autocorrelation of a chain (Vehtari et al. "
    "2021).",
)
