"""Samplers that accept every step: a model's own Markov chain, and Gibbs sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.sampling.chains import ChainState, Move, Sampler, choose, normal_like
from latentlab.analysis.sampling.targets import SamplingError, Target

Kernel = Callable[[Tensor, torch.Generator], Tensor]  # (C, d) -> (C, d), one step


@dataclass(frozen=True)
class ModelChain(Sampler):
    """A model's own chain. It samples what the model learned; the target is only evaluated."""

    name = "the model's own walk"
    has_scale = False
    kernel: Kernel

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:  # noqa: ARG002
        """One step of the model's chain."""
        return _take(target, state, self.kernel(state.x, rng))


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


def denoising_kernel(denoise: Callable[[Tensor], Tensor], sigma: float, width: float | None = None) -> Kernel:
    """The chain of a denoising autoencoder: corrupt, denoise, and draw about the reconstruction (Bengio et al. 2013).

        x̃ = x + σ ε;   x' = denoise(x̃) + width · ε'

    Args:
        denoise: (C, d) -> (C, d).
        sigma: of the corruption.
        width: standard deviation of p(x|x̃). None: `sigma`, which is too wide but safe; 0 leaves the mean alone, which
            collapses onto the ridges of the density.
    """
    noise_std = sigma if width is None else width

    def kernel(x: Tensor, rng: torch.Generator) -> Tensor:
        return denoise(x + sigma * normal_like(x, rng)) + noise_std * normal_like(x, rng)

    return kernel


def _take(target: Target, state: ChainState, y: Tensor) -> tuple[ChainState, Move]:
    fine = y.isfinite().all(1) & state.alive
    at_y = None if state.log_prob is None or target.log_prob is None else target.log_prob(y)
    sure = torch.zeros(len(y), dtype=y.dtype, device=y.device)
    return choose(fine, ChainState(y, at_y, None, state.alive), state, fine), Move(y, sure, fine)
