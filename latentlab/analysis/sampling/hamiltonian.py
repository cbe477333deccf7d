"""Hamiltonian Monte Carlo: a particle with a random momentum moves on the potential -log p, and its end is the
proposal.

Duane et al. (1987); Neal (2011). With momentum m ~ N(0, I) and H(x, m) = -log p(x) + ½|m|², n leapfrog steps

    m ← m + ½ε ∇log p(x);   x ← x + ε m;   m ← m + ½ε ∇log p(x)

keep H up to O(ε²), and the end is accepted with probability min(1, exp(H at the start - H at the end)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from latentlab.analysis.sampling.moves import ChainState, Move, Sampler, metropolis, normal_like
from latentlab.analysis.sampling.targets import Gradient, Target

JITTER = 0.2  # the step is drawn from (1 ± JITTER) scale, so that no orbit closes upon itself
MOST_ERROR = 1_000.0  # nats of the energy: from there on a trajectory has diverged, as in Stan
MOST_POINTS = 17  # of a path


@dataclass(frozen=True)
class Hamiltonian(Sampler):
    """What HMC and NUTS share.

    Attributes:
        n_paths: of so many chains, the first ones, a move has the path: (L, c, d), L at most `MOST_POINTS`.
    """

    needs_gradient = True
    best = (0.5, 0.98)
    sensible = 0.7
    n_paths: int = field(default=0, kw_only=True)

    def acceptance_target(self, dim: int) -> float:  # noqa: ARG002 it suits in any
        """Stan's: more than the 65 % that are best of HMC in theory, as too long a step does more harm."""
        return 0.8


@dataclass(frozen=True)
class HMC(Hamiltonian):
    """Goes far in one step. About 65 % accepted is best (Beskos et al. 2013)."""

    name = "HMC"
    n_leapfrog: int = 10

    @property
    def evaluations(self) -> int:
        """One gradient for each leapfrog step."""
        return self.n_leapfrog

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """Draw a momentum, integrate, and compare the energies; a trajectory that is not finite is rejected."""
        assert state.gradient is not None
        momentum = normal_like(state.x, rng)
        jitter = torch.empty_like(state.x[:, :1]).uniform_(1 - JITTER, 1 + JITTER, generator=rng)
        path = [state.x]
        visit = path.append if self.n_paths else None
        y, end, gradient = leapfrog(
            target.slope, state.x, momentum, state.gradient, scale * jitter, self.n_leapfrog, visit
        )
        inside = y.isfinite().all(1) & end.isfinite().all(1)
        y = torch.where(inside.unsqueeze(1), y, state.x)
        difference, at_y = target.compare(state.x, state.log_prob, y)
        log_alpha = difference + 0.5 * (momentum.square() - end.square()).sum(1)
        log_alpha = torch.where(inside, log_alpha, -torch.inf)
        state_after, move = metropolis(state, ChainState(y, at_y, gradient, state.alive), log_alpha, rng)
        move = move._replace(diverged=(log_alpha < -MOST_ERROR) & state.alive, path=self._path(path, inside))
        if state.log_prob is None:
            return state_after, move
        energy = 0.5 * momentum.square().sum(1) - state.log_prob
        return state_after, move._replace(energy=torch.where(move.accepted, energy - log_alpha, energy))

    def _path(self, places: list[Tensor], inside: Tensor) -> Tensor | None:
        """(L, c, d) of the places that were visited; of a trajectory that is not finite the start alone."""
        if not self.n_paths:
            return None
        kept = points_of(torch.tensor(len(places) - 1), min(len(places), MOST_POINTS)).tolist()
        some = torch.stack([places[k][: self.n_paths] for k in kept])
        return torch.where(inside[: self.n_paths, None], some, places[0][: self.n_paths])


def points_of(n: Tensor, most: int = MOST_POINTS) -> Tensor:
    """(L, ...) numbers of the places of a path of n leapfrog steps that are kept, from 0 to n."""
    share = torch.linspace(0, 1, most, device=n.device).reshape(-1, *[1] * n.dim())
    return (share * n).round().long()


def leapfrog(
    slope: Gradient,
    x: Tensor,
    momentum: Tensor,
    gradient: Tensor,
    step: Tensor | float,
    n: int,
    visit: Callable[[Tensor], object] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """n leapfrog steps: the place, the momentum and the gradient at the end, each (C, d).

    Args:
        slope: gradient of the log-density.
        x: (C, d) the start.
        momentum: (C, d) there.
        gradient: (C, d) of the log-density there.
        step: ε, one for all or (C, 1).
        n: how many.
        visit: is given the place after each.
    """
    momentum = momentum + 0.5 * step * gradient
    for k in range(n):
        x = x + step * momentum
        if visit is not None:
            visit(x)
        gradient = slope(x)
        momentum = momentum + (step if k < n - 1 else 0.5 * step) * gradient
    return x, momentum, gradient
