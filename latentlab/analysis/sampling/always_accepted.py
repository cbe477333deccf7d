"""Samplers that accept every step: denoising chains, a model's own or exact, and Gibbs sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from latentlab.analysis.jacobian import jacobian
from latentlab.analysis.sampling.moves import ChainState, Move, Sampler, choose, normal_like
from latentlab.analysis.sampling.targets import SamplingError, Target
from latentlab.analysis.score.field import Denoise
from latentlab.data.builtin.synthetic import Density

Kernel = Callable[[Tensor, torch.Generator], Tensor]  # (C, d) -> (C, d), one step


@dataclass(frozen=True)
class ModelChain(Sampler):
    """A model's own chain. It samples what the model learned; the target is only evaluated."""

    name = "the model's own walk"
    has_scale = False
    is_clean = True
    kernel: Kernel

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:  # noqa: ARG002
        """One step of the model's chain."""
        return _take(target, state, self.kernel(state.x, rng))


@dataclass(frozen=True)
class DenoisingChain(Sampler):
    """Adds noise, and draws from the exact posterior of what was there before (Alain 2018, §5.3.1).

        x̃ = x + σ ε;   x' ~ p(x|x̃)

    Its law is the density for every σ, which is the scale; a smaller σ only mixes more slowly.
    """

    name = "denoising chain"
    is_clean = True
    density: Density

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """One step of noise and denoising."""
        noisy = state.x + scale * normal_like(state.x, rng)
        return _take(target, state, self.density.draw_clean(noisy, scale, rng))


@dataclass(frozen=True)
class Gibbs(Sampler):
    """Draws every coordinate in turn given the others (Geman & Geman 1984); for targets with known conditionals."""

    name = "Gibbs"
    has_scale = False

    def suits(self, target: Target) -> bool:
        """Whether the target knows its conditionals."""
        return target.conditional is not None

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:  # noqa: ARG002
        """One sweep through the coordinates.

        Raises:
            SamplingError: the target doesn't know its conditionals.
        """
        if target.conditional is None:
            raise SamplingError("Gibbs sampling draws each coordinate given the others, and this target can't.")
        y = state.x.clone()
        for axis in range(y.shape[1]):
            y[:, axis] = target.conditional(y, axis, rng)
        return _take(target, state, y)


def denoising_kernel(denoise: Denoise, sigma: float) -> Kernel:
    """The chain of a denoising autoencoder: corrupt, and draw about the reconstruction (Bengio et al. 2013).

        x̃ = x + σ ε;   x' ~ N(r(x̃), σ² J)          J = dr/dx̃, made symmetric, its negative eigenvalues set to 0

    For the optimal r these are the mean and the covariance of p(x|x̃) (Miyasawa 1961), so the chain samples Gaussian
    data exactly, and approximately data of which p(x|x̃) has one mode: the smaller σ, the better.

    Args:
        denoise: (C, d) -> (C, d), r.
        sigma: of the corruption.
    """
    return partial(_denoising_step, denoise, sigma)


def _denoising_step(denoise: Denoise, sigma: float, x: Tensor, rng: torch.Generator) -> Tensor:
    noisy = x + sigma * normal_like(x, rng)
    j = jacobian(denoise, noisy)
    symmetric = torch.where(j.isfinite().all(2, keepdim=True).all(1, keepdim=True), (j + j.mT) / 2, 0.0)
    values, vectors = torch.linalg.eigh(symmetric)
    along = sigma * values.clamp(min=0).sqrt() * normal_like(x, rng)
    about: Tensor = (vectors @ along.unsqueeze(2)).squeeze(2)
    return denoise(noisy) + about


def _take(target: Target, state: ChainState, y: Tensor) -> tuple[ChainState, Move]:
    fine = y.isfinite().all(1) & state.alive
    at_y = None if state.log_prob is None or target.log_prob is None else target.log_prob(y)
    sure = torch.zeros(len(y), dtype=y.dtype, device=y.device)
    return choose(fine, ChainState(y, at_y, None, state.alive), state, fine), Move(y, sure, fine)
