"""Langevin dynamics: a step along the score and noise, with or without an accept step.

    y = x + ½ scale² ∇log p(x) + scale · ε

Unadjusted, it samples a density that is off by O(scale) (Roberts & Tweedie 1996); MALA accepts y with probability
min(1, p(y) q(x|y) / p(x) q(y|x)), which is exact, with q(y|x) = N(x + ½ scale² ∇log p(x), scale² I).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.sampling.moves import ChainState, Move, Sampler, choose, metropolis, normal_like
from latentlab.analysis.sampling.targets import Target


@dataclass(frozen=True)
class Langevin(Sampler):
    """Unadjusted: every step is taken, so its samples keep a bias that falls with the step."""

    name = "unadjusted Langevin"
    needs_gradient = True
    sensible = 0.7

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """Drift and diffuse; a chain that becomes NaN or infinite is lost."""
        y = _drifted(state, scale) + scale * normal_like(state.x, rng)
        gradient = target.slope(y)
        fine = y.isfinite().all(1) & gradient.isfinite().all(1) & state.alive
        at_y = None if state.log_prob is None or target.log_prob is None else target.log_prob(y)
        log_alpha = torch.zeros(len(y), dtype=y.dtype, device=y.device)
        return choose(fine, ChainState(y, at_y, gradient, state.alive), state, fine), Move(y, log_alpha, fine)


@dataclass(frozen=True)
class MALA(Sampler):
    """Metropolis-adjusted Langevin: exact. About 57 % accepted is best (Roberts & Rosenthal 1998)."""

    name = "MALA"
    needs_gradient = True
    best = (0.35, 0.85)
    sensible = 1.2

    def acceptance_target(self, dim: int) -> float:  # noqa: ARG002 it suits in any
        """The best one in the limit of many dimensions (Roberts & Rosenthal 1998)."""
        return 0.574

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """Propose by drift and diffusion, and compare the densities of both directions."""
        noise = normal_like(state.x, rng)
        y = _drifted(state, scale) + scale * noise
        difference, at_y = target.compare(state.x, state.log_prob, y)
        proposed = ChainState(y, at_y, target.slope(y), state.alive)
        back = (state.x - _drifted(proposed, scale)) / scale
        log_alpha = difference + 0.5 * (noise.square() - back.square()).sum(1)
        return metropolis(state, proposed, log_alpha, rng)


def _drifted(state: ChainState, scale: float) -> Tensor:
    assert state.gradient is not None
    return torch.add(state.x, state.gradient, alpha=0.5 * scale**2)
