"""Markov chains, thousands at once: a generator that yields their states and moves. for state,

    move in iterate_chains(target, start, RandomWalk(), scale=0.5, rng=generator(0)): ...
    chains = sample_chains(target, start, sampler=RandomWalk(), scale=0.5, n_steps=1_000, rng=generator(0))

A chain whose energy is no number, or whose density is infinite, or zero where it starts, is lost: it stays where it is
and is marked, and the others go on. Nothing waits for the device inside the loop.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.sampling.targets import SamplingError, Target

MOST_CHAINS = 100_000
MOST_NUMBERS = 100_000_000  # in the positions of one result: 400 MB in single precision
REPORT_EVERY = 100  # steps


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
    energy: Tensor | None = None  # (C,) nats: HMC's Hamiltonian where the chain is after the step


class Sampler(ABC):
    """A way to move. `scale` is its one length: the standard deviation of a proposal, or the step of a gradient."""

    name: ClassVar[str]
    needs_gradient: ClassVar[bool] = False
    best: ClassVar[tuple[float, float] | None] = None  # how much should be accepted; None where all is
    sensible: ClassVar[float] = 1.0  # a scale that suits, in the narrowest standard deviations of a target in the plane
    has_scale: ClassVar[bool] = True  # whether the scale changes anything
    is_clean: ClassVar[bool] = False  # it samples the data, not the data blurred by the noise that a denoiser undoes

    @property
    def evaluations(self) -> int:
        """Evaluations of the density or its gradient for each step, to compare samplers at equal cost."""
        return 1

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


@dataclass(frozen=True)
class Chains:
    """T steps of C chains in d dimensions, the start left out.

    Attributes:
        positions: (T, C, d).
        accepted: (T, C) bool.
        lost: (C,) bool: its positions are those of the time before, repeated.
        evaluations: of the density or its gradient, for each step of a chain.
        seconds: that the steps took.
        proposals: (T, c, d) of the first c chains; None where they weren't stored.
        log_alpha: (T, C) nats, the log-probability of acceptance; above 0 counts as 0.
        log_prob: (T, C) nats, the log-density up to a constant; None where only ratios are known.
        energy: (T, C) nats, HMC's Hamiltonian; None of other samplers, or where only ratios are known.
        swapped: (T, K - 1, C) bool, of parallel tempering: whether temperatures k and k + 1 exchanged places.
    """

    positions: NDArray[np.floating]
    accepted: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    evaluations: int
    seconds: float
    proposals: NDArray[np.floating] | None = None
    log_alpha: NDArray[np.floating] | None = None
    log_prob: NDArray[np.floating] | None = None
    energy: NDArray[np.floating] | None = None
    swapped: NDArray[np.bool_] | None = None

    def times(self, unit: Tensor) -> Chains:
        """The same with all places in other units: what was 1 in each coordinate is `unit`, (d,)."""
        by = unit.numpy()
        tried = None if self.proposals is None else self.proposals * by
        return replace(self, positions=self.positions * by, proposals=tried)


def iterate_chains(
    target: Target, start: Tensor, sampler: Sampler, scale: float, rng: torch.Generator
) -> Iterator[tuple[ChainState, Move]]:
    """Yield states and moves, without end.

    Args:
        target: what to sample.
        start: (C, d) in the precision to compute in, on the generator's device.
        sampler: how to move.
        scale: its length, in units of x.
        rng: all randomness.

    Raises:
        SamplingError: no chain can start, the scale is no positive number, or the target lacks what the sampler needs.
    """
    state = begin(target, start, sampler, scale)
    while True:
        state, move = advance(target, state, sampler, scale, rng)
        yield state, move


def begin(target: Target, start: Tensor, sampler: Sampler, scale: float) -> ChainState:
    """The state before the first step; arguments and errors are those of `iterate_chains`."""
    if start.dim() != 2 or not start.numel():
        raise SamplingError(f"Chains start from places of shape (chains, dimensions), not {tuple(start.shape)}.")
    if len(start) > MOST_CHAINS:
        raise SamplingError(f"{len(start):,} chains are more than can run at once; take at most {MOST_CHAINS:,}.")
    if not (0 < scale < float("inf")):
        raise SamplingError(f"The step must be larger than zero, and a number; it is {scale:g}.")
    with torch.no_grad():
        state = sampler.begin(target, start)
    if not state.alive.any():
        raise SamplingError("No chain can start: the density is zero, infinite or no number at every starting place.")
    return state


def advance(
    target: Target, state: ChainState, sampler: Sampler, scale: float, rng: torch.Generator
) -> tuple[ChainState, Move]:
    """One step from a state."""
    with torch.no_grad():
        return sampler.step(target, state, scale, rng)


def sample_chains(
    target: Target,
    start: Tensor,
    *,
    sampler: Sampler,
    scale: float,
    n_steps: int,
    rng: torch.Generator,
    n_proposals: int = 0,
    report: Callable[[int], None] | None = None,
) -> Chains:
    """Run n steps and return them all.

    Args:
        target, start, sampler, scale, rng: as for `iterate_chains`.
        n_steps: T, at least 1.
        n_proposals: the proposals of so many chains are stored too.
        report: called with the number of steps done, once every `REPORT_EVERY` steps.

    Raises:
        SamplingError: as for `iterate_chains`; or no step, or more than fits.
    """
    if n_steps < 1:
        raise SamplingError(f"A chain takes at least one step, not {n_steps}.")
    if n_steps * start.numel() > MOST_NUMBERS:
        raise SamplingError(
            f"{n_steps:,} steps of {len(start):,} chains are {n_steps * start.numel():,} numbers; at most "
            f"{MOST_NUMBERS:,} are kept: take fewer chains or steps."
        )
    state = begin(target, start, sampler, scale)
    positions = torch.empty((n_steps, *start.shape), dtype=start.dtype, device=start.device)
    accepted = torch.empty((n_steps, len(start)), dtype=torch.bool, device=start.device)
    proposals = torch.empty((n_steps, min(n_proposals, len(start)), start.shape[1]), dtype=start.dtype)
    log_alpha, log_prob, energy, swapped = (_Record(n_steps) for _ in range(4))
    began = time.perf_counter()
    with torch.no_grad():  # once: `advance` enters it at every step
        for t, (place, taken) in enumerate(zip(positions.unbind(), accepted.unbind(), strict=True)):
            state, move = sampler.step(target, state, scale, rng)
            place.copy_(state.x)
            taken.copy_(move.accepted)
            log_alpha.add(t, move.log_alpha)
            log_prob.add(t, state.log_prob)
            energy.add(t, move.energy)
            swapped.add(t, move.swapped)
            if n_proposals:
                proposals[t] = move.proposal[:n_proposals]
            if report is not None and (t + 1) % REPORT_EVERY == 0:
                report(t + 1)
    lost = ~state.alive.cpu().numpy()  # waits for the device
    seconds = time.perf_counter() - began
    tried = proposals.numpy() if n_proposals else None
    return Chains(
        positions.cpu().numpy(), accepted.cpu().numpy(), lost, sampler.evaluations, seconds, tried, log_alpha.array,
        log_prob.array, energy.array, swapped.array,
    )  # fmt: skip


class _Record:
    """Numbers of each chain, (..., C) at each of T steps, where a sampler knows them."""

    def __init__(self, n_steps: int) -> None:
        self._n_steps, self._values = n_steps, torch.empty(0)

    def add(self, t: int, values: Tensor | None) -> None:
        if values is not None:
            if not len(self._values):
                self._values = values.new_empty((self._n_steps, *values.shape))
            self._values[t] = values

    @property
    def array(self) -> NDArray[Any] | None:
        """(T, ..., C); None where nothing was added."""
        return self._values.cpu().numpy() if len(self._values) else None


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
