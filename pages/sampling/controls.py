"""The controls of an experiment with chains, and presets of typical failures."""

from __future__ import annotations

from typing import Any, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.sampling import HMC, NUTS, ModelChain, Start
from latentlab.subjects import Subject, stored
from pages.sampling.experiment import (
    LEARNED,
    MAX_DEPTH,
    POSTERIOR,
    Setup,
    about_gradient,
    image_of,
    offers,
    why_nothing,
)
from pages.shared import cached, url_state
from pages.shared.header import MISSED
from pages.shared.linked_choice import link_renamed, linked_choice
from pages.shared.masks import CHOICES, EXAMPLE, chosen
from pages.shared.text import plain
from pages.shared.visit import Slot

STARTS = ("data", "one point", "far outside")
SPURIOUS = "moons-dae-spurious"
WHOLE = "nothing"
BURN_IN = 25  # % of the steps
N_CHAINS, N_STEPS = (1, 4, 8, 10, 40, 100, 400, 2_000), (50, 100, 300, 1_000)
MOST_BURN_IN = 75  # %
POWERS = list(range(-5, 6))  # of two: the step against the one that suits the target
TARGET: Slot[str] = Slot("target")  # the widgets whose options follow from those before them
SAMPLER: Slot[str] = Slot("sampler")
ENERGY: Slot[str] = Slot("energy")
POWER: Slot[int] = Slot("power")
PRESET: Slot[str] = Slot("wrong")  # the widget that chooses what goes wrong
NO_PRESET = "none"
PRESETS: dict[str, dict[str, Any]] = {
    "the step is too short": {"target": "mixture", "sampler": "random walk", "power": -4, "start": "one point"},
    "the step is too long": {"target": "mixture", "sampler": "random walk", "power": 3, "start": "data"},
    "two modes are far apart": {"target": "two far modes", "sampler": "random walk", "power": 0, "start": "one point"},
    "… and hotter chains help": {
        "target": "two far modes", "sampler": "parallel tempering", "power": 0, "start": "one point",
    },
    "the burn-in is too short": {
        "target": "mixture", "sampler": "random walk", "power": -3, "start": "far outside", "burn-in": 0,
    },
    "first-order energy differences": {
        "target": "curve", "sampler": "random walk", "power": 0, "start": "data", "energy": "first order",
    },
    "a spurious attractor": {
        "run": SPURIOUS, "target": LEARNED, "sampler": ModelChain.name, "power": 0, "start": "far outside",
    },
}  # fmt: skip


def choose_preset() -> None:
    """Let the visitor choose what goes wrong."""
    known = [NO_PRESET, *(name for name, given in PRESETS.items() if "run" not in given or _shipped(given["run"]))]
    link_renamed(PRESET.name, {"energies of first order": "first-order energy differences"})
    st.selectbox(
        "What goes wrong", known, key=PRESET.name, on_change=_apply, bind="query-params",
        help="Ready-made experiments that fail, each in its own way", width=260,
    )  # fmt: skip


def controls(run: Subject) -> tuple[Setup, float, DeltaGenerator]:
    """Draw them; returns the experiment, the share of its steps that is left out at the start, and where to say what
    step was found.
    """
    if url_state.read("run") not in (None, run.id, MISSED.get()):
        st.rerun()  # a preset of another model: a fragment alone would stay with this one
    offered = offers(run)
    link_renamed(TARGET.name, {"posterior of an image": POSTERIOR})
    TARGET.settle(list(offered))
    target = st.selectbox("Target", list(offered), key=TARGET.name, bind="query-params")
    if not any(offer.of_run for offer in offered.values()):
        why = f": {plain(why_nothing(run))}" if why_nothing(run) else ""
        st.caption(f"Nothing of “{plain(run.title)}” can be sampled by chains{why}. These densities need no model.")
    if said := about_gradient(run, target):
        st.caption(said)
    image, hidden, mask = 0, WHOLE, None
    problem = offered[target].problem(image, mask)
    SAMPLER.settle(list(problem.samplers))
    sampler = problem.samplers[st.selectbox("Sampler", list(problem.samplers), key=SAMPLER.name, bind="query-params")]
    if offered[target].of_image:
        left, right = st.columns(2)
        parts = CHOICES[run.spec.kind]
        n = len(cached.examples(run))
        EXAMPLE.settle(range(n))
        image = int(left.number_input("Example", 0, n - 1, 0, key=EXAMPLE.name, bind="query-params"))
        hidden = right.selectbox("Hidden part", [WHOLE, *parts], min(2, len(parts)), key="hidden", bind="query-params")
    hiding, stepping, more = st.container(), st.container(), st.popover("More", width="stretch")
    if hidden != WHOLE:
        with hiding:
            mask = chosen(hidden, run, image_of(run, image), more)
    if isinstance(sampler, ModelChain):
        st.caption(
            "It adds noise σ and draws from N(r, σ²J) about the reconstruction, J = ∂r/∂x: the mean and the covariance "
            "of the clean example given the noisy one, if the network is optimal. So it samples the data, not the "
            "blurred data, exactly if they are Gaussian and approximately if σ is small against their modes."
        )
    problem, power = offered[target].problem(image, mask), 0
    step = problem.scale(sampler)
    if sampler.has_scale:
        POWER.settle(POWERS, 0, f"{target} {sampler.name}")
        power = stepping.select_slider(
            "Step", POWERS, 0, lambda k: f"{step * 2.0**k:.2g}", key=POWER.name, bind="query-params",
            help=f"The length of the sampler, in {problem.step_unit}",
        )  # fmt: skip
    adapts = sampler.acceptance_target(problem.dim) is not None and more.toggle(
        "Adapt the step during the burn-in", key="adapt", bind="query-params",
        help="Dual averaging begins with this step and seeks the acceptance rate that suits the sampler",
    )  # fmt: skip
    with more:
        start = linked_choice("Start", STARTS, default="data", key="start")
        energies = [energy.name for energy in problem.energies]
        ENERGY.settle(energies, of=target)
        energy = st.selectbox(
            "Log-density difference", energies, key=ENERGY.name, bind="query-params",
            help="Exact; or from a denoiser, by an integral of the score along the step, or by the score at its start",
        )  # fmt: skip
        n_chains = st.select_slider("Chains", N_CHAINS, 100, key="chains", bind="query-params")
        n_steps = st.select_slider("Steps", N_STEPS, 300, key="steps", bind="query-params")
        burn_in = st.slider("Burn-in (% of the steps)", 0, MOST_BURN_IN, BURN_IN, 5, key="burn-in", bind="query-params")
        n_leapfrog, max_depth = 10, MAX_DEPTH
        if isinstance(sampler, HMC):
            n_leapfrog = int(st.number_input("Leapfrog steps", 1, 50, 10, key="leapfrog", bind="query-params"))
        if isinstance(sampler, NUTS):
            about = "A trajectory is doubled so often at most"
            max_depth = st.number_input("Largest depth", 1, 10, MAX_DEPTH, key="depth", bind="query-params", help=about)
        seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params"))
    if adapts and not burn_in:
        more.caption("Without a burn-in there are no steps in which to adapt it.")
    setup = Setup(
        target, sampler.name, power, cast(Start, start), energy, n_chains, n_steps, n_leapfrog, seed, image, mask,
        int(max_depth), burn_in / 100 if adapts else 0.0,
    )  # fmt: skip
    return setup, burn_in / 100, stepping


def _apply() -> None:
    """Set the controls to the values of a preset."""
    given = dict(PRESETS.get(PRESET.get(NO_PRESET), {}))
    if not given:
        return
    if "run" in given:
        url_state.write("run", given.pop("run"))
    usual = {"burn-in": BURN_IN, "energy": "exact", "adapt": False}  # nothing stays of the preset before
    for key, value in (usual | given).items():
        Slot[Any](key).set(value)


def _shipped(run_id: str) -> bool:
    return any(run.id == run_id for run in stored())
