"""A denoiser of the plane beside the density of its data: what it knows, and how far it is from the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
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
    FieldError,
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
from latentlab.knobs import Knob
from latentlab.models import Corruption

N = 64  # places a side of a lattice
N_DRAWS = 2_000  # for the numbers
N_ASYMMETRY = 1_000  # draws at which a Jacobian is taken
FAR = 1e-6  # of the median density of the noisy data: where there is less, a place is far from the data


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
        no_score: why r(x) - x is a direction only, as `Denoises.no_score` says it; empty where it is σ² times a score.
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
    no_score: str = ""

    @cached_property
    def truth(self) -> Density:
        """The density of the noisy data, whose score a perfect denoiser has."""
        return self.density.blurred(self.sigma)

    @property
    def score(self) -> ScoreFunction:
        """(N, 2) -> (N, 2): (r(x) - x) / σ².

        Raises:
            FieldError: r(x) - x is a direction only.
        """
        if self.no_score:
            raise FieldError(f"{self.name} has no score and no energy: {self.no_score}.")
        return score_of(self.denoise, self.sigma)

    @cached_property
    def _faintest(self) -> float:
        """The log-density of the noisy data below which a place is far from them."""
        typical = self.truth.log_prob(self.truth.sample(N_DRAWS, device.generator(0)))
        return float(typical.median()) + math.log(FAR)

    def off_data(self, box: Box) -> tuple[float, float]:
        """A place near the data, where there is something to see: beside the middle example, or the most central one of
        a part of the plane.
        """
        x = self.data.x
        k = len(x) // 2
        if box != self.box:
            k = int((x - torch.tensor(box.centre)).square().sum(1).argmin())
        found = x[k] + 2.5 * self.sigma
        return float(found[0]), float(found[1])

    def nearest(self, place: tuple[float, float]) -> Tensor:
        """(2,) the example that is nearest to a place."""
        return self.data.x[(self.data.x - torch.tensor(place)).square().sum(1).argmin()]

    def is_far(self, places: Doubles) -> NDArray[np.bool_]:
        """(N, 2) -> (N,) whether each lies where there is next to nothing of the noisy data; NaN, at infinity, does."""
        there = np.isfinite(places).all(1)
        found = np.ones(len(places), np.bool_)
        if there.any():
            found[there] = self.truth.log_prob(torch.from_numpy(places[there])).numpy() < self._faintest
        return found

    def off(self, basins: Basins) -> tuple[float, int, int]:
        """The share of paths that end far from the data, and at how many places: that stand still, and that drift."""
        return basins.off(self.is_far(basins.ends), self.is_far(basins.attractors))


@dataclass(frozen=True)
class Losses:
    """Mean squared errors |r(x̃) - x|² / σ² over the same noisy draws: of a denoiser, the optimum, and leaving x̃ be."""

    denoiser: float
    optimum: float
    identity: float

    @property
    def has_learned(self) -> bool:
        """Whether it denoises the data better than doing nothing does."""
        return self.denoiser < self.identity


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
def noise_and_back(
    denoise: Denoise, clean: Tensor, corruption: Corruption, n: int, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Corrupt one example (*shape), n times, and denoise it: the noisy ones and r of them, each (n, *shape)."""
    noisy = corruption.draw(clean.expand(n, *clean.shape), device.generator(seed))
    return noisy, denoise(noisy)


def walkback_chain(denoise: Denoise, start: Tensor, sigma: float, n_steps: int, seed: int = 0) -> Doubles:
    """The chain that walkback trains on, with another chance at every step: x̃ of noise, x of r(x̃) and noise.

    Args:
        denoise: (N, d) -> (N, d).
        start: (d,) an example.
        sigma: of the noise of both steps.
        n_steps: K.
        seed: of the noise.

    Returns:
        (1 + K, d) the example and x̃ of each step, for which r is trained to give the example (Alain 2018, §5.3.2).
    """
    rng, x = device.generator(seed), start[None]
    found = [x]
    for _ in range(n_steps):
        found.append(x + sigma * torch.randn(x.shape, generator=rng))
        x = denoise(found[-1]) + sigma * torch.randn(x.shape, generator=rng)
    return torch.cat(found).double().numpy()


class NoisyDraws:
    """n draws of a density of any dimension, with noise: what denoisers are compared on, always the same ones."""

    def __init__(self, density: Density, sigma: float, n: int = N_DRAWS, seed: int = 1) -> None:
        rng = device.generator(seed)
        self.sigma, self.clean = sigma, density.sample(n, rng).float()
        self.noisy = self.clean + sigma * torch.randn(self.clean.shape, generator=rng)
        self.score = density.blurred(sigma).score(self.noisy)

    @property
    def optimum(self) -> float:
        """The loss of the optimal denoiser."""
        return self.loss(self.noisy + self.sigma**2 * self.score)

    @property
    def identity(self) -> float:
        """The loss of leaving the noisy draws as they are."""
        return self.loss(self.noisy)

    def loss(self, r: Tensor) -> float:
        """The loss of a denoiser that makes r, (n, D), of the noisy draws: its mean squared error |r - x|² / σ²."""
        return float((r - self.clean).square().sum(1).mean()) / self.sigma**2


@torch.no_grad()
def against_truth(
    density: Density, denoise: Denoise, sigma: float, n: int = N_DRAWS, seed: int = 1
) -> tuple[Agreement, Losses]:
    """How a score agrees with the true one over n noisy draws of a density of any dimension, and the losses there."""
    draws = NoisyDraws(density, sigma, n, seed)
    r = denoise(draws.noisy)
    return agreement((r - draws.noisy) / sigma**2, draws.score), Losses(draws.loss(r), draws.optimum, draws.identity)


def suited(declared: Sequence[Knob], box: Box) -> dict[str, float]:
    """What the knobs of a network had best be where the data lie in a box, as far as they are among those declared.

    Each is the nearest that its knob allows: points may lie far apart, or almost coincide.
    """
    reach = round(max(abs(v) for v in astuple(box)), 2)
    sigma, far = max(round(0.02 * box.width, 3), 1e-3), round(min(0.2 * box.width, 10.0), 3)
    wanted = {"hidden": 128, "reach": reach, "slope": 5.0, "sigma": sigma, "sigma_far": far}
    found = {}
    for knob in declared:
        if knob.name in wanted:
            low, high = (wanted[knob.name] if end is None else end for end in (knob.low, knob.high))
            found[knob.name] = min(max(wanted[knob.name], low), high)
    return found


def asymmetry(denoiser: Denoiser, n: int = N_ASYMMETRY, seed: int = 0) -> float:
    """The median of |J - Jᵀ| / |J| over n draws of the noisy data: 0 for a gradient."""
    noisy: Tensor = denoiser.truth.sample(n, device.generator(seed)).float()
    return float(np.median(curl(denoiser.denoise, noisy).asymmetry))
