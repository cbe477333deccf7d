"""A denoiser of the plane beside the density of its data: what it knows, and how far it is from the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Doubles, Floats
from latentlab.analysis.box import Box
from latentlab.analysis.score.field import (
    Agreement,
    Denoise,
    Field,
    ScoreFunction,
    agreement,
    curl,
    energy_surface,
    lattice,
    score_field,
    score_of,
)
from latentlab.analysis.score.fixed_points import Basins
from latentlab.data import Dataset, Density

N = 64  # places a side of a lattice
N_DRAWS = 2_000  # for the numbers
N_ASYMMETRY = 1_000  # draws at which a Jacobian is taken
FAR = 5.0  # noises from the data: an attractor farther away is spurious


@dataclass(frozen=True, eq=False)
class Denoiser:
    """A denoiser of places of the plane, and what it can be held against. Its `denoise` may be sent to a process.

    Attributes:
        key: no other denoiser has it.
        name: as it is shown.
        denoise: (N, 2) -> (N, 2).
        sigma: standard deviation of the noise that it takes away, in units of the data.
        data: (N, 2) float32 examples.
        density: of the clean data.
        box: where the data are.
        known: the density is exact, not a kernel estimate.
        best: it is the optimum for that density, or for points that are all there is.
    """

    key: str
    name: str
    denoise: Denoise
    sigma: float
    data: Dataset
    density: Density
    box: Box
    known: bool = True
    best: bool = False

    @cached_property
    def truth(self) -> Density:
        """The density of the noisy data, whose score a perfect denoiser has."""
        return self.density.blurred(self.sigma)

    @property
    def score(self) -> ScoreFunction:
        """(N, 2) -> (N, 2): (r(x) - x) / σ²."""
        return score_of(self.denoise, self.sigma)

    @property
    def far(self) -> float:
        """A distance from the data beyond which nothing of their noisy density is left."""
        return FAR * math.hypot(self.sigma, float(self.density.stds.max()))

    def distance(self, places: Doubles) -> Doubles:
        """(N, 2) -> (N,) to the nearest of the data's components; NaN stays NaN."""
        if not len(places):
            return np.empty(0)
        found = self.density.nearest(torch.from_numpy(places).nan_to_num(0.0))[1].numpy()
        return np.where(np.isnan(places).any(1), np.nan, found)

    def is_spurious(self, basins: Basins) -> NDArray[np.bool_]:
        """(A,) whether each attractor lies far from the data."""
        return self.distance(basins.attractors) > self.far

    def off(self, basins: Basins) -> tuple[float, int, int]:
        """The share of paths that end far from the data, and at how many places: that stand still, and that drift."""
        return basins.off(self.distance(basins.ends), self.distance(basins.attractors), self.far)


@dataclass(frozen=True, eq=False)
class OnLattice:
    """A denoiser over an n × n lattice of a box; each array is computed once, when it is first needed."""

    denoiser: Denoiser
    box: Box
    n: int = N

    @cached_property
    def field(self) -> Field:
        """The score that was learned: one forward pass."""
        return score_field(self.denoiser.denoise, self.denoiser.sigma, self.box, self.n)

    @cached_property
    def true_score(self) -> Floats:
        """(n, n, 2) of the noisy data."""
        found: Floats = self.denoiser.truth.score(lattice(self.box, self.n)).reshape(self.n, self.n, 2).numpy()
        return found

    @cached_property
    def true_energy(self) -> Floats:
        """(n, n) nats, minus the log density of the noisy data; lowest is 0."""
        log_p = self.denoiser.truth.log_prob(lattice(self.box, self.n)).reshape(self.n, self.n)
        found: Floats = (log_p.max() - log_p).numpy()
        return found

    @cached_property
    def path_energy(self) -> Floats:
        """(n, n) nats, by paths along the learned score; lowest is 0."""
        return energy_surface(self.denoiser.score, self.box, self.n)

    @cached_property
    def rotation(self) -> Doubles:
        """(n, n) ∂r₂/∂x₁ - ∂r₁/∂x₂; 0 for a gradient."""
        return curl(self.denoiser.denoise, lattice(self.box, self.n)).rotation.reshape(self.n, self.n)


@torch.no_grad()
def against_truth(denoiser: Denoiser, n: int = N_DRAWS, seed: int = 1) -> tuple[Agreement, float]:
    """Over n noisy draws: how the score agrees with the true one, and the loss over that of the optimal denoiser."""
    rng = device.generator(seed)
    clean = denoiser.density.sample(n, rng).float()
    noisy = clean + denoiser.sigma * torch.randn(clean.shape, generator=rng)
    r, exact = denoiser.denoise(noisy), denoiser.truth.score(noisy)
    best = noisy + denoiser.sigma**2 * exact
    ratio = (r - clean).square().sum(1).mean() / (best - clean).square().sum(1).mean()
    return agreement((r - noisy) / denoiser.sigma**2, exact), float(ratio)


@torch.no_grad()
def agreement_with(density: Density, denoise: Denoise, sigma: float, n: int = N_DRAWS, seed: int = 1) -> Agreement:
    """How a score agrees with the true one over n draws of a density of any dimension, blurred by sigma."""
    blurred = density.blurred(sigma)
    x = blurred.sample(n, device.generator(seed)).float()
    return agreement((denoise(x) - x) / sigma**2, blurred.score(x))


def asymmetry(denoiser: Denoiser, n: int = N_ASYMMETRY, seed: int = 0) -> float:
    """The median of |J - Jᵀ| / |J| over n draws of the noisy data: 0 for a gradient."""
    noisy: Tensor = denoiser.truth.sample(n, device.generator(seed)).float()
    return float(np.median(curl(denoiser.denoise, noisy).asymmetry))
