"""How chains move: their states, a sampler, and the accept step of Metropolis and Hastings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from latentlab.analysis.sampling.targets import Target


class ChainState(NamedTuple):
    """Where C chains are.

    Attributes:
        x: (C, d) places.
        log_prob: (C,) log-density there; None where only ratios are known.
        gradient: (C, d) of the log-density there; None unless the sampler follows it.
        alive: (C,) bool; the others are lost.
        hot: (K, C, d) positions of the hotter chains of parallel tempering, the coldest first; else None.
    """

    x: Tensor
    log_prob: Tensor | None
    gradient: Tensor | None
    alive: Tensor
    hot: Tensor | None = None


class Move(NamedTuple):
    """What C chains tried: from where they were to a proposal (C, d), by a log-probability of acceptance (C,)."""

    proposal: Tensor
    log_alpha: Tensor  # nats; above 0 counts as 0
    accepted: Tensor  # (C,) bool
    swapped: Tensor | None = None  # (K - 1, C) bool: parallel tempering's temperatures k and k + 1 exchanged places
    energy: Tensor | None = None  # (C,) nats: the Hamiltonian where the chain is after the step
    n_leapfrog: Tensor | None = None  # (C,) leapfrog steps of NUTS
    diverged: Tensor | None = None  # (C,) bool: the leapfrog's energy error was too large
    path: Tensor | None = None  # (L, c, d) of the first c chains: from the position to the proposal


class Sampler(ABC):
    """A way to move. `scale` is its one length: the standard deviation of a proposal, or the step of a gradient."""

    name: ClassVar[str]
    needs_gradient: ClassVar[bool] = False
    best: ClassVar[tuple[float, float] | None] = None  # how much should be accepted; None where all is
    sensible: ClassVar[float] = 1.0  # a scale that suits, in the narrowest standard deviations of a target in the plane
    has_scale: ClassVar[bool] = True  # whether the scale changes anything
    is_clean: ClassVar[bool] = False  # it samples the data, not the data blurred by the noise that a denoiser undoes

    @property
    def evaluations(self) -> int | None:
        """Evaluations of the density or its gradient for each step, to compare samplers at equal cost; None where they
        differ from step to step.
        """
        return 1

    def acceptance_target(self, dim: int) -> float | None:  # noqa: ARG002 for those that have one
        """The acceptance probability that suits in d dimensions; None where the step can't be adapted to one."""
        return None

    def suits(self, target: Target) -> bool:
        """Whether the target knows what the sampler needs."""
        return target.gradient is not None or not self.needs_gradient

    def begin(self, target: Target, x: Tensor) -> ChainState:
        """The state of chains at x: those of zero or no density are lost."""
        log_prob = None if target.log_prob is None else target.log_prob(x)
        alive = x.isfinite().all(1) if log_prob is None else log_prob.isfinite()
        gradient = target.slope(x) if self.needs_gradient else None
        if gradient is not None:
            alive = alive & gradient.isfinite().all(1)
        return ChainState(x, log_prob, gradient, alive)

    @abstractmethod
    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """One step of every chain."""


def metropolis(
    state: ChainState, proposed: ChainState, log_alpha: Tensor, rng: torch.Generator
) -> tuple[ChainState, Move]:
    """Accept each proposal with probability min(1, exp log_alpha) (Metropolis et al. 1953; Hastings 1970).

    A chain is lost where `log_alpha` is no number or +∞: its energy there means nothing. -∞ is a rejection.
    """
    alive = state.alive & (log_alpha < torch.inf)
    accepted = (log_uniform(log_alpha, rng) < log_alpha).logical_and_(alive)
    return choose(accepted, proposed, state, alive), Move(proposed.x, log_alpha, accepted)


def choose(accepted: Tensor, proposed: ChainState, state: ChainState, alive: Tensor) -> ChainState:
    """The proposed state where it is accepted, else the one before; `hot` stays."""
    some = accepted.unsqueeze(1)
    log_prob = gradient = None
    if proposed.log_prob is not None and state.log_prob is not None:
        log_prob = torch.where(accepted, proposed.log_prob, state.log_prob)
    if proposed.gradient is not None and state.gradient is not None:
        gradient = torch.where(some, proposed.gradient, state.gradient)
    return ChainState(torch.where(some, proposed.x, state.x), log_prob, gradient, alive, state.hot)


def log_uniform(like: Tensor, rng: torch.Generator) -> Tensor:
    """Logarithms of uniform numbers, of the shape and kind of a tensor; a third of the time of `exponential_`."""
    return torch.empty_like(like).uniform_(generator=rng).log_()


def normal_like(x: Tensor, rng: torch.Generator) -> Tensor:
    """Standard normal noise of the shape, precision and device of x."""
    return torch.empty_like(x).normal_(generator=rng)
