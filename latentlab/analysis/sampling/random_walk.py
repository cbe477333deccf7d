"""Random-walk Metropolis-Hastings: y = x + scale · ε, accepted with probability min(1, p(y)/p(x)).

Metropolis et al. (1953); the sampler of Alain (2018), §3.4.2, whose printed proposal N(0, σ²) must read N(x, σ²).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from latentlab.analysis.sampling.moves import ChainState, Move, Sampler, metropolis, normal_like
from latentlab.analysis.sampling.targets import Target


@dataclass(frozen=True)
class RandomWalk(Sampler):
    """Needs only the density's ratios. About 23 to 44 % accepted is best (Roberts, Gelman & Gilks 1997)."""

    name = "random walk"
    best = (0.15, 0.5)
    sensible = 2.4

    def acceptance_target(self, dim: int) -> float:
        """That of the limit of many dimensions, or the best in one (Roberts, Gelman & Gilks 1997)."""
        return 0.44 if dim == 1 else 0.234

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """Propose a Gaussian step of standard deviation `scale` in every direction."""
        y = torch.add(state.x, normal_like(state.x, rng), alpha=scale)
        log_alpha, at_y = target.compare(state.x, state.log_prob, y)
        return metropolis(state, ChainState(y, at_y, None, state.alive), log_alpha, rng)
