"""What is computed of the field on the page: each thing once for a denoiser and a box."""

from __future__ import annotations

from dataclasses import astuple
from functools import partial

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.box import Box
from latentlab.analysis.score import verdict
from latentlab.analysis.score.denoiser import Denoiser, Losses, OnLattice, against_truth, walkback_chain
from latentlab.analysis.score.field import Agreement, Field, score_field, score_of
from latentlab.analysis.score.fixed_points import Basins, FixedPoints, attractors, trajectory
from latentlab.analysis.score.layers import FieldLayer
from latentlab.analysis.score.local_geometry import LocalGeometry, local_hessian
from latentlab.analysis.score.streamlines import streamlines
from latentlab.figures.score.field import PlaneLayer
from pages.shared.background import Waiting, run_task, show_tasks
from pages.shared.remember import remember
from pages.shared.visit import Slot

N_ARROWS = 30  # places a side
STEPS = 25  # of denoising from a place
CHAIN = 20  # steps of the chain that walkback trains on


@remember(64)
def on_lattice(denoiser: Denoiser, box: Box) -> OnLattice:
    """The field over the places that layers have."""
    return OnLattice(denoiser, box)


@remember(64)
def arrows(denoiser: Denoiser, box: Box) -> Field:
    """The field where there are arrows: of length 1 where their length means nothing."""
    field = score_field(denoiser.denoise, denoiser.sigma, box, N_ARROWS)
    return field.directions if denoiser.no_score else field


@remember(64)
def geometry(denoiser: Denoiser, place: tuple[float, float]) -> LocalGeometry:
    """The local geometry at one point."""
    return local_hessian(denoiser.denoise, denoiser.sigma, torch.tensor([place]))


@remember(64)
def path(denoiser: Denoiser, place: tuple[float, float]) -> NDArray[np.float64]:
    """(STEPS + 1, 2) a point denoised repeatedly."""
    return trajectory(denoiser.denoise, torch.tensor(place), STEPS)


@remember(64)
def walkback(denoiser: Denoiser, place: tuple[float, float]) -> NDArray[np.float64]:
    """(CHAIN + 1, 2) the example nearest to a place, and the steps of the chain from there."""
    return walkback_chain(denoiser.denoise, denoiser.nearest(place), denoiser.sigma, CHAIN)


@remember(64)
def lines(denoiser: Denoiser, box: Box) -> NDArray[np.float32]:
    """Streamlines of the field."""
    return streamlines(score_of(denoiser.denoise, denoiser.sigma), box)  # which follow its direction alone


def layer(denoiser: Denoiser, box: Box, which: FieldLayer) -> PlaneLayer:
    """What lies behind the arrows."""
    return _layer(denoiser, box, which.name, which)


@remember(64)
def _layer(denoiser: Denoiser, box: Box, name: str, _which: FieldLayer) -> PlaneLayer:  # noqa: ARG001
    return PlaneLayer.of(_which, _which.compute(on_lattice(denoiser, box)))


@remember(64)
def agrees(denoiser: Denoiser) -> tuple[Agreement, Losses]:
    """How the score agrees with the true one over noisy draws, and the losses there."""
    return against_truth(denoiser.density, denoiser.denoise, denoiser.sigma)


def say_agreement(about: str, found: Agreement, losses: Losses, no_score: str, known: bool = True) -> None:
    """How a field agrees with the true score, and what there is to be said against it."""
    st.caption(f"{about} · {verdict.of_agreement(found, losses, not no_score, known)}")
    if no_score:
        st.info(f"Here r(x) − x is a direction only: {no_score}. It has no score, no energy and no samples.")
    elif said := verdict.of_losses(losses):
        st.warning(said)


def standing(denoiser: Denoiser, box: Box) -> tuple[FixedPoints, Basins] | None:
    """Fixed points and basins if they were computed; else None, while the background process computes them."""
    key = f"fixed points {denoiser.key} {astuple(box)}"
    stopped: Slot[bool] = Slot(f"cancelled {key}")
    if stopped.get():
        st.button("Look for fixed points", on_click=stopped.forget, icon=":material/play_arrow:")
        return None
    task = run_task(key, partial(attractors, denoiser.denoise, box))
    if task.result is None:
        waiting = Waiting("Looking for fixed points", on_cancel=partial(stopped.set, True))
        show_tasks([task], waiting, "The fixed points can't be had")
    return task.result
