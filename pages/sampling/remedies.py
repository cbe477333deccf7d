"""Buttons that do what an advice says: the controls, and the address, then show the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from latentlab.analysis.sampling import Problem, Remedy, Tempering
from latentlab.analysis.sampling.problems import PATH_INTEGRAL
from pages.sampling.controls import MOST_BURN_IN, N_CHAINS, N_STEPS, POWERS
from pages.sampling.experiment import Setup
from pages.shared.visit import Slot

MORE_BURN_IN = 25  # % of the steps


def offer(remedies: Sequence[Remedy], problem: Problem, setup: Setup, burn_in: float) -> None:
    """A button for each change that is possible from here."""
    changes = {remedy: change(remedy, problem, setup, burn_in) for remedy in remedies}
    with st.container(horizontal=True):
        for remedy, given in changes.items():
            if given:
                st.button(str(remedy).capitalize(), key=f"do {remedy}", on_click=_do, args=(given,))


def change(remedy: Remedy, problem: Problem, setup: Setup, burn_in: float) -> dict[str, Any]:
    """Key of a control -> the value that a remedy gives it; empty where the control is at its end already."""
    match remedy:
        case Remedy.HALVE_STEP | Remedy.DOUBLE_STEP | Remedy.SHORTEN_STEP:
            by = {Remedy.HALVE_STEP: -1, Remedy.DOUBLE_STEP: 1, Remedy.SHORTEN_STEP: -3}[remedy]
            power = min(max(setup.power + by, POWERS[0]), POWERS[-1])
            has_step = problem.samplers[setup.sampler].has_scale and not setup.adapt
            return {"power": power} if has_step and power != setup.power else {}
        case Remedy.RUN_LONGER:
            return _first("steps", [n for n in N_STEPS if n > setup.n_steps])
        case Remedy.MORE_CHAINS:
            return _first("chains", [n for n in N_CHAINS if n > setup.n_chains])
        case Remedy.FEWER_CHAINS:
            return _first("chains", [n for n in reversed(N_CHAINS) if 1 < n < setup.n_chains])
        case Remedy.LEAVE_OUT_MORE:
            percent = min(MOST_BURN_IN, round(100 * burn_in) + MORE_BURN_IN)
            return {"burn-in": percent} if percent > 100 * burn_in else {}
        case Remedy.START_AT_DATA:
            return {"start": "data"} if setup.start != "data" else {}
        case Remedy.TEMPER:
            possible = Tempering.name in problem.samplers and setup.sampler != Tempering.name
            return {"sampler": Tempering.name} if possible else {}
        case Remedy.INTEGRATE:
            return {"energy": PATH_INTEGRAL.name} if PATH_INTEGRAL in problem.energies else {}


def _first(key: str, options: Sequence[int]) -> dict[str, Any]:
    return {key: options[0]} if options else {}


def _do(given: Mapping[str, Any]) -> None:
    for key, value in given.items():
        Slot[Any](key).set(value)
