"""A field on the page, and what is computed of it: each thing once for a field and a box."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import (
    Agreement,
    Denoise,
    Field,
    agreement,
    curl,
    difference,
    energy_surface,
    lattice,
    score_field,
    score_of,
)
from latentlab.analysis.score.fixed_points import Basins, FixedPoints, attractors, trajectory
from latentlab.analysis.score.local_geometry import LocalGeometry, local_hessian
from latentlab.analysis.score.streamlines import streamlines
from latentlab.data import Dataset, Density
from latentlab.figures.score.field import Layer
from latentlab.jobs.background import Background

N = 64  # places a side
N_SMOOTH = 48  # of a density, which is drawn smoothed
N_ARROWS = 32
STEPS = 25  # of denoising from a place
N_DRAWS = 2_000  # for the numbers
EVERY = 0.5  # seconds between two looks at the helper
LAYERS = (
    "none", "true density", "true energy", "energy by path", "length of the score", "reconstruction error",
    "angle error", "length error", "curl", "basins",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Source:
    """A field, and what it can be held against. Its `denoise` can be sent to the helper process."""

    key: str  # tells it from any other: what caches know it by
    name: str
    denoise: Denoise
    sigma: float
    data: Dataset  # float32 (N, 2): what is drawn
    density: Density  # of the clean data
    box: Box
    known: bool = True  # whether the density is exact, not a kernel estimate
    best: bool = False  # whether it is the optimum for that density, or for points that are all there is


BY_KEY: dict[str | type[Any], Callable[[Any], Any]] = {Source: lambda source: source.key}


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def truth(source: Source) -> Density:
    """The density of the noisy data, whose score a perfect denoiser has."""
    return source.density.blurred(source.sigma)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def field(source: Source, box: Box) -> Field:
    """The field over a lattice: one forward pass."""
    return score_field(source.denoise, source.sigma, box, N)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def arrows(source: Source, box: Box) -> Field:
    """The field where there are arrows."""
    return score_field(source.denoise, source.sigma, box, N_ARROWS)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def geometry(source: Source, place: tuple[float, float]) -> LocalGeometry:
    """What the field says of one place."""
    return local_hessian(source.denoise, source.sigma, torch.tensor([place]))


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def path(source: Source, place: tuple[float, float]) -> NDArray[np.float64]:
    """(STEPS + 1, 2) a place denoised again and again."""
    return trajectory(source.denoise, torch.tensor(place), STEPS)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def lines(source: Source, box: Box) -> NDArray[np.float32]:
    """Where the field leads."""
    return streamlines(score_of(source.denoise, source.sigma), box)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def layer(source: Source, box: Box, name: str) -> Layer | None:
    """What lies behind the arrows; None for nothing, or for basins that aren't there yet."""
    match name:
        case "true density":
            log_p = truth(source).log_prob(lattice(box, N_SMOOTH)).reshape(N_SMOOTH, N_SMOOTH).numpy()
            return Layer(np.exp(log_p - log_p.max()), "density of the noisy data, highest = 1")
        case "true energy":
            energy = _true_energy(source, box)
            return Layer(energy - energy.min(), "true energy (nats)", contours=True, high=_high(energy - energy.min()))
        case "energy by path":
            found = energy_surface(score_of(source.denoise, source.sigma), box, N)
            true = _true_energy(source, box)
            return Layer(found, "energy by path (nats)", contours=True, high=_high(true - true.min()))
        case "length of the score":
            return Layer(np.log10(np.maximum(field(source, box).length, 1e-6)), "log₁₀ |score|", diverging=True)
        case "reconstruction error":
            return Layer(source.sigma**2 * field(source, box).length, "|r(x) − x|")
        case "angle error" | "length error":
            wrong = difference(field(source, box).score, _true_score(source, box))
            if name == "angle error":
                return Layer(wrong.angle, "angle to the true score (°)", high=90.0)
            return Layer(wrong.length, "|score| / |true score| − 1", diverging=True, high=1.0)
        case "curl":
            turning = curl(source.denoise, lattice(box, N)).rotation.reshape(N, N)
            return Layer(turning, "curl of r: ∂r₂/∂x₁ − ∂r₁/∂x₂", diverging=True)
    return None


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_KEY)
def agrees(source: Source) -> tuple[Agreement, float]:
    """How the score agrees with the true one over noisy draws, and the loss over that of the optimal denoiser."""
    rng = device.generator(1)
    clean = source.density.sample(N_DRAWS, rng).float()
    noisy = clean + source.sigma * torch.randn(clean.shape, generator=rng)
    with torch.no_grad():
        r = source.denoise(noisy)
    score, exact = (r - noisy) / source.sigma**2, truth(source).score(noisy)
    best = noisy + source.sigma**2 * exact
    ratio = (r - clean).square().sum(1).mean() / (best - clean).square().sum(1).mean()
    return agreement(score, exact), float(ratio)


def standing(source: Source, box: Box) -> tuple[FixedPoints, Basins] | None:
    """Fixed points and basins if they are there; else None, and the helper process is at them."""
    asked = _asked(source, box)
    if not asked.done():
        st.fragment(_wait, run_every=EVERY)(source, box)
        return None
    try:
        found: tuple[FixedPoints, Basins] = asked.result()
    except (ValueError, RuntimeError) as error:
        st.error(f"The fixed points can't be had: {str(error).partition(chr(10))[0]}")
        return None
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def finder() -> Background:
    """The helper process that looks for fixed points."""
    return Background()


def _asked(source: Source, box: Box) -> Future[tuple[FixedPoints, Basins]]:
    return finder().ask(f"fixed points {source.key} {astuple(box)}", attractors, source.denoise, box)


def _wait(source: Source, box: Box) -> None:
    if _asked(source, box).done():
        st.rerun()
    st.caption(":material/hourglass_top: looking for fixed points …")


def _true_energy(source: Source, box: Box) -> NDArray[np.float32]:
    found: NDArray[np.float32] = -truth(source).log_prob(lattice(box, N)).reshape(N, N).numpy()
    return found


def _true_score(source: Source, box: Box) -> NDArray[np.float32]:
    found: NDArray[np.float32] = truth(source).score(lattice(box, N)).reshape(N, N, 2).numpy()
    return found


def _high(energy: NDArray[np.float32]) -> float:
    """Where contours end: beyond it the density is so low that only its emptiness would be drawn."""
    return min(float(np.quantile(energy, 0.8)), 60.0)
