"""Markov chains, thousands at once: a generator that yields their states and moves. for state,

    move in iterate_chains(target, start, RandomWalk(), scale=0.5, rng=generator(0)): ...
    chains = sample_chains(target, start, sampler=RandomWalk(), scale=0.5, n_steps=1_000, rng=generator(0))

A chain whose energy is no number, or whose density is infinite, or zero where it starts, is lost: it stays where it is
and is marked, and the others go on. Nothing waits for the device inside the loop, unless the step is adapted or the
sampler builds trees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.sampling.adaptation import DualAveraging
from latentlab.analysis.sampling.moves import ChainState, Move, Sampler
from latentlab.analysis.sampling.targets import SamplingError, Target
from latentlab.device import generator

MOST_CHAINS = 100_000
MOST_NUMBERS = 100_000_000  # in the positions of one result: 400 MB in single precision
REPORT_EVERY = 100  # steps
PILOT = 20  # steps and chains by which the evaluations of a step are measured


@dataclass(frozen=True)
class Chains:
    """T steps of C chains in d dimensions, the start left out.

    Attributes:
        positions: (T, C, d).
        accepted: (T, C) bool.
        lost: (C,) bool: its positions are those of the time before, repeated.
        evaluations: of the density or its gradient, for each step of a chain; the mean where they differ.
        seconds: that the steps took.
        proposals: (T, c, d) of the first c chains; None where they weren't stored.
        log_alpha: (T, C) nats, the log-probability of acceptance; above 0 counts as 0.
        log_prob: (T, C) nats, the log-density up to a constant; None where only ratios are known.
        energy: (T, C) nats, the Hamiltonian; None of samplers without one, or where only ratios are known.
        swapped: (T, K - 1, C) bool, of parallel tempering: whether temperatures k and k + 1 exchanged places.
        n_leapfrog: (T, C) leapfrog steps of NUTS; None of other samplers.
        diverged: (T, C) bool, of HMC and NUTS: whether the energy error was too large.
        paths: (T, L, c, d) of HMC and NUTS: from the position to the proposal; None unless they were wanted.
        scales: (T,) of each step.
    """

    positions: NDArray[np.floating]
    accepted: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    evaluations: float
    seconds: float
    proposals: NDArray[np.floating] | None = None
    log_alpha: NDArray[np.floating] | None = None
    log_prob: NDArray[np.floating] | None = None
    energy: NDArray[np.floating] | None = None
    swapped: NDArray[np.bool_] | None = None
    n_leapfrog: NDArray[np.integer] | None = None
    diverged: NDArray[np.bool_] | None = None
    paths: NDArray[np.floating] | None = None
    scales: NDArray[np.floating] | None = None

    @property
    def acceptance(self) -> NDArray[Any]:
        """(T, C) whether the proposal was accepted; of NUTS, which nearly always moves, the acceptance probability."""
        if self.n_leapfrog is None or self.log_alpha is None:
            return self.accepted
        return np.asarray(np.exp(np.minimum(self.log_alpha, 0)))

    def times(self, unit: Tensor) -> Chains:
        """The same with all places in other units: what was 1 in each coordinate is `unit`, (d,)."""
        by = unit.numpy()
        tried, paths = (None if one is None else one * by for one in (self.proposals, self.paths))
        return replace(self, positions=self.positions * by, proposals=tried, paths=paths)


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
    n_adapt: int = 0,
    report: Callable[[int], None] | None = None,
) -> Chains:
    """Run n steps and return them all.

    Args:
        target, start, sampler, scale, rng: as for `iterate_chains`.
        n_steps: T, at least 1.
        n_proposals: the proposals of so many chains are stored too.
        n_adapt: during so many steps at the start the scale is adapted; those after it all have the one that was found.
        report: called with the number of steps done, once every `REPORT_EVERY` steps.

    Raises:
        SamplingError: as for `iterate_chains`; or no step, or more than fits, or the sampler has no step to adapt.
    """
    if n_steps < 1:
        raise SamplingError(f"A chain takes at least one step, not {n_steps}.")
    if n_steps * start.numel() > MOST_NUMBERS:
        raise SamplingError(
            f"{n_steps:,} steps of {len(start):,} chains are {n_steps * start.numel():,} numbers; at most "
            f"{MOST_NUMBERS:,} are kept: take fewer chains or steps."
        )
    state = begin(target, start, sampler, scale)
    adapting = _adapting(sampler, scale, start.shape[1]) if n_adapt else None
    positions = torch.empty((n_steps, *start.shape), dtype=start.dtype, device=start.device)
    accepted = torch.empty((n_steps, len(start)), dtype=torch.bool, device=start.device)
    proposals = torch.empty((n_steps, min(n_proposals, len(start)), start.shape[1]), dtype=start.dtype)
    log_alpha, log_prob, energy, swapped, n_leapfrog, diverged, paths = (_Record(n_steps) for _ in range(7))
    scales = np.empty(n_steps)
    began = time.perf_counter()
    with torch.no_grad():  # once: `advance` enters it at every step
        for t, (place, taken) in enumerate(zip(positions.unbind(), accepted.unbind(), strict=True)):
            scales[t] = scale
            state, move = sampler.step(target, state, scale, rng)
            if adapting is not None and t < n_adapt:
                tried = adapting.update(_acceptance(move, state.alive))
                scale = tried if t + 1 < n_adapt else adapting.scale
            place.copy_(state.x)
            taken.copy_(move.accepted)
            log_alpha.add(t, move.log_alpha)
            log_prob.add(t, state.log_prob)
            energy.add(t, move.energy)
            swapped.add(t, move.swapped)
            n_leapfrog.add(t, move.n_leapfrog)
            diverged.add(t, move.diverged)
            paths.add(t, move.path)
            if n_proposals:
                proposals[t] = move.proposal[:n_proposals]
            if report is not None and (t + 1) % REPORT_EVERY == 0:
                report(t + 1)
    lost = ~state.alive.cpu().numpy()  # waits for the device
    seconds = time.perf_counter() - began
    leaps = n_leapfrog.array
    evaluations = sampler.evaluations or (1.0 if leaps is None else float(leaps.mean()))
    return Chains(
        positions.cpu().numpy(), accepted.cpu().numpy(), lost, evaluations, seconds,
        proposals.numpy() if n_proposals else None, log_alpha.array, log_prob.array, energy.array, swapped.array,
        leaps, diverged.array, paths.array, scales,
    )  # fmt: skip


def evaluations_of(target: Target, start: Tensor, sampler: Sampler, scale: float, adapt: bool = False) -> float:
    """Evaluations for each step of a chain, measured by a few steps of a few chains where they aren't known before."""
    if sampler.evaluations is not None:
        return sampler.evaluations
    rng = generator(0, start.device)
    few = sample_chains(
        target, start[:PILOT], sampler=sampler, scale=scale, n_steps=PILOT, rng=rng, n_adapt=PILOT if adapt else 0
    )
    return few.evaluations


def _adapting(sampler: Sampler, scale: float, dim: int) -> DualAveraging:
    target = sampler.acceptance_target(dim)
    if target is None:
        raise SamplingError(f"The step of {sampler.name} can't be adapted: no acceptance rate says which suits.")
    return DualAveraging(scale, target)


def _acceptance(move: Move, alive: Tensor) -> float:
    """The mean acceptance probability of the chains that aren't lost."""
    probs = torch.where(alive, move.log_alpha.clamp(max=0).exp(), 0.0)
    return float(probs.sum() / alive.sum().clamp(min=1))


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
