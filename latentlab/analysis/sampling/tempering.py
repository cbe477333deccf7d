"""Parallel tempering: hotter chains, on the flatter density p^(1/T), exchange their positions with the cold one.

Swendsen & Wang (1986); Geyer (1991). Every chain takes a random-walk step of scale · √T under its own temperature; then
the pairs (1, 2), (3, 4), ... and after them (2, 3), (4, 5), ... exchange their places with probability

    min(1, exp[(1/T_i - 1/T_j) (log p(x_j) - log p(x_i))])
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.sampling.moves import ChainState, Move, Sampler, log_uniform, normal_like
from latentlab.analysis.sampling.targets import SamplingError, Target


@dataclass(frozen=True)
class Tempering(Sampler):
    """For modes that are far apart. Needs the log-density itself, and starts all temperatures at one place."""

    name = "parallel tempering"
    best = (0.15, 0.5)
    sensible = 2.4
    temperatures: tuple[float, ...] = (1.0, 2.5, 6.0, 15.0)

    @property
    def evaluations(self) -> int:
        """One density for each temperature."""
        return len(self.temperatures)

    def suits(self, target: Target) -> bool:
        """Whether the target knows its log-density itself."""
        return target.log_prob is not None

    def begin(self, target: Target, x: Tensor) -> ChainState:
        """As for any sampler, with a copy of each chain at each temperature.

        Raises:
            SamplingError: the target has no log-density, or the temperatures don't rise from 1.
        """
        if target.log_prob is None:
            raise SamplingError("Parallel tempering needs the target's log-density; only its ratios are known.")
        if self.temperatures[0] != 1 or list(self.temperatures) != sorted(set(self.temperatures)):
            raise SamplingError("The temperatures must rise from 1.")
        state = super().begin(target, x)
        return state._replace(hot=x.expand(len(self.temperatures) - 1, *x.shape))

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """A step at every temperature, then exchanges; the move is that of the cold chain."""
        assert target.log_prob is not None
        assert state.hot is not None
        heat = torch.tensor(self.temperatures, dtype=state.x.dtype, device=state.x.device).unsqueeze(1)  # (K, 1)
        x = torch.cat([state.x.unsqueeze(0), state.hot])  # (K, C, d)
        y = x + scale * heat.sqrt().unsqueeze(2) * normal_like(x, rng)
        both = target.log_prob(torch.cat([x, y]).flatten(0, 1)).reshape(2, *x.shape[:2])
        at_x, at_y = both[0], both[1]
        log_alpha = (at_y - at_x) / heat
        alive = state.alive & (log_alpha < torch.inf).all(0)
        accepted = (log_uniform(log_alpha, rng) < log_alpha) & alive
        x, at_x = torch.where(accepted.unsqueeze(2), y, x), torch.where(accepted, at_y, at_x)
        swapped = torch.zeros_like(accepted[1:])
        for first in (0, 1):
            x, at_x, swapped[first::2] = _exchange(x, at_x, heat, first, alive, rng)
        new = ChainState(x[0], at_x[0], None, alive, x[1:])
        return new, Move(y[0], log_alpha[0], accepted[0], swapped)


def _exchange(
    x: Tensor, at_x: Tensor, heat: Tensor, first: int, alive: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Let temperatures first and first + 1, first + 2 and first + 3, ... exchange places, but only the chains alive;
    returns the places, their log-density, and for each of these pairs (C,) whether it did.
    """
    k = len(x)
    low = torch.arange(first, k - 1, 2, device=x.device)
    log_alpha = (1 / heat[low] - 1 / heat[low + 1]) * (at_x[low + 1] - at_x[low])
    agreed = (log_uniform(log_alpha, rng) < log_alpha) & alive
    order = torch.arange(k, device=x.device).unsqueeze(1).expand(k, x.shape[1]).clone()
    order[low] += agreed.long()
    order[low + 1] -= agreed.long()
    return x.gather(0, order.unsqueeze(2).expand_as(x)), at_x.gather(0, order), agreed
