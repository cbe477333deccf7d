"""The no-U-turn sampler: Hamiltonian Monte Carlo whose trajectories end by themselves, where they would turn back.

Hoffman & Gelman (2014) in the multinomial form of Betancourt (2017, appendix A.3 and A.4), as in Stan. From the
position a trajectory is doubled again and again, forward or backward in time at random, until its ends turn towards
each other: with ρ the sum of all its momenta, until not both

    ρ · m_first > 0;   ρ · m_last > 0

for all of it, or for one of the parts of 2, 4, 8, ... steps of which the new half was made; such a half is left out. As
in Stan, either half with the next step of the other counts as such a part: else trees whose halves are whole orbits
would grow on. Of a new half a place is drawn with weights exp(-H), and taken instead of the one before with probability
min(1, Σ new exp(-H) / Σ old exp(-H)). Trees of all chains grow together, and each waits for the end of its doubling: a
half that has turned is finished too.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.sampling.chains import MOST_NUMBERS
from latentlab.analysis.sampling.hamiltonian import MOST_ERROR, Hamiltonian, points_of
from latentlab.analysis.sampling.moves import ChainState, Move, choose, log_uniform, normal_like
from latentlab.analysis.sampling.targets import SamplingError, Target

BLOCK = 4_096  # places whose density is computed at once


@dataclass(frozen=True)
class NUTS(Hamiltonian):
    """Finds the length of its trajectories. A move is accepted where it goes anywhere, its acceptance probability the
    mean over all places of the trajectory.
    """

    name = "NUTS"
    sensible = 0.9
    max_depth: int = 8

    @property
    def evaluations(self) -> None:
        """As many as the trajectory has leapfrog steps."""
        return

    def begin(self, target: Target, x: Tensor) -> ChainState:
        """As for any sampler.

        Raises:
            SamplingError: the trajectories of so many chains don't fit.
        """
        if x.numel() << self.max_depth > MOST_NUMBERS:
            raise SamplingError(
                f"Trees of depth {self.max_depth} of {len(x):,} chains are {x.numel() << self.max_depth:,} numbers; at "
                f"most {MOST_NUMBERS:,} are kept: take fewer chains, or a smaller depth."
            )
        return super().begin(target, x)

    def step(self, target: Target, state: ChainState, scale: float, rng: torch.Generator) -> tuple[ChainState, Move]:
        """Draw a momentum, double the trajectories, and go to a place of each."""
        trees = _Trees(state, normal_like(state.x, rng), 1 << self.max_depth if self.n_paths else 0, self.n_paths)
        for depth in range(self.max_depth):
            if not len(trees.growing):
                break
            trees.double(target, 1 << depth, scale, rng)
        alive = state.alive & trees.sound
        moved = (trees.time != 0) & alive
        at = None if state.log_prob is None else trees.log_prob
        move = Move(
            trees.place,
            (trees.accepted / trees.n_leapfrog.clamp(min=1)).log(),
            moved,
            energy=None if state.log_prob is None else trees.energy - trees.weight,
            n_leapfrog=trees.n_leapfrog,
            diverged=trees.diverged,
            path=trees.path,
        )
        return choose(moved, ChainState(trees.place, at, trees.gradient, alive), state, alive), move


class _Trees:
    """Trajectories of C chains, and a place of each.

    Attributes:
        growing: numbers of the chains whose trajectory goes on.
        place, gradient, log_prob, weight, time: of the place: (C, d), (C, d), (C,), H at the start - H (C,), and the
            signed number of leapfrog steps from the start (C,).
        energy: (C,) H at the start, up to a constant where only ratios are known.
        accepted: (C,) the sum of min(1, exp weight) over the places after the start.
        n_leapfrog: (C,) their number.
        diverged: (C,) bool.
        sound: (C,) bool: no density was a NaN or infinite.
    """

    def __init__(self, state: ChainState, momentum: Tensor, n_kept: int, n_paths: int) -> None:
        """The starts; of the first `n_paths` chains up to `n_kept` places to either side are kept."""
        assert state.gradient is not None
        zeros = momentum.new_zeros(len(momentum))
        self._base = zeros if state.log_prob is None else state.log_prob
        self.energy = 0.5 * momentum.square().sum(1) - self._base
        self.place, self.gradient, self.log_prob = state.x.clone(), state.gradient.clone(), self._base.clone()
        self.weight, self.accepted = zeros.clone(), zeros.clone()
        self.time, self.n_leapfrog = zeros.long(), zeros.long()
        self.diverged, self.sound = torch.zeros_like(state.alive), torch.ones_like(state.alive)
        self.growing = state.alive.nonzero().squeeze(1)
        self._log_sum, self._rho = zeros.clone(), momentum.clone()  # log Σ exp weight, Σ momenta
        # at both ends, the first and the last in time: (2, C, d), (2, C)
        self._x, self._momentum, self._gradient = (part.repeat(2, 1, 1) for part in (state.x, momentum, state.gradient))
        self._log_probs, self._far = self._base.repeat(2, 1), zeros.long().repeat(2, 1)
        self._kept = state.x[None, :n_paths].repeat(2 * n_kept, 1, 1)  # start at n_kept

    @property
    def path(self) -> Tensor | None:
        """(L, c, d) from the start to the place; None where none are kept."""
        n_kept, n_paths = len(self._kept) // 2, self._kept.shape[1]
        if not n_kept:
            return None
        steps = points_of(self.time[:n_paths])
        return self._kept[n_kept + steps, torch.arange(n_paths, device=steps.device)]

    def double(self, target: Target, n: int, scale: float, rng: torch.Generator) -> None:
        """Add n leapfrog steps, as many as there are places, to either end, and draw a place."""
        growing = self.growing
        end = torch.randint(2, growing.shape, generator=rng, device=growing.device)
        sign = 2 * end - 1
        x, momentum, gradient, log_prob, weight = self._leapfrog(target, n, scale, end, sign)
        self.sound[growing] &= (weight < torch.inf).all(0)
        fine = (weight > -MOST_ERROR).all(0)
        self.diverged[growing] = ~fine
        self.accepted[growing] += weight.clamp(max=0).exp().nan_to_num(0).sum(0)
        self.n_leapfrog[growing] += n
        if n_paths := self._kept.shape[1]:
            few = int((growing < n_paths).sum())
            steps = (self._far[end, growing] + torch.arange(1, n + 1, device=end.device)[:, None]) * sign
            self._kept[len(self._kept) // 2 + steps[:, :few], growing[:few]] = x[:, :few]

        straight, rho = _straight(momentum)
        kept = (fine & straight).nonzero().squeeze(1)
        chains, side, columns = growing[kept], end[kept], torch.arange(len(kept), device=end.device)
        x, momentum, gradient = x[:, kept], momentum[:, kept], gradient[:, kept]
        log_prob, weight = log_prob[:, kept], weight[:, kept]
        drawn = (weight - torch.empty_like(weight).exponential_(generator=rng).log_()).argmax(0)  # Gumbel's way
        log_sum, before = weight.logsumexp(0), self._log_sum[chains]
        taken = (log_uniform(log_sum, rng) < log_sum - before).nonzero().squeeze(1)
        drawn, columns, new = drawn[taken], columns[taken], chains[taken]
        self.place[new], self.gradient[new] = x[drawn, columns], gradient[drawn, columns]
        self.log_prob[new], self.weight[new] = log_prob[drawn, columns], weight[drawn, columns]
        self.time[new] = (self._far[side, chains][taken] + drawn + 1) * sign[kept][taken]

        old = self._rho[chains], self._momentum[1 - side, chains], self._momentum[side, chains]
        self._log_sum[chains] = torch.logaddexp(before, log_sum)
        self._rho[chains] += rho[kept]
        self._x[side, chains], self._momentum[side, chains] = x[-1], momentum[-1]
        self._gradient[side, chains] = gradient[-1]
        self._log_probs[side, chains] = log_prob[-1]
        self._far[side, chains] += n
        self.growing = chains[_onward(*old, rho[kept], momentum[0], momentum[-1])]

    def _leapfrog(
        self, target: Target, n: int, scale: float, end: Tensor, sign: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Places, momenta and gradients (n, A, d), log-densities and weights (n, A) after each step from an end."""
        growing, step = self.growing, (scale * sign).to(self._x.dtype).unsqueeze(1)
        start = x = self._x[end, growing]
        momentum, gradient = self._momentum[end, growing], self._gradient[end, growing]
        states = []
        for _ in range(n):
            momentum = torch.addcmul(momentum, step, gradient, value=0.5)
            x = torch.addcmul(x, step, momentum)
            gradient = target.slope(x)
            momentum = torch.addcmul(momentum, step, gradient, value=0.5)
            states.append((x, momentum, gradient))
        places, momenta, gradients = (torch.stack(part) for part in zip(*states, strict=True))
        inside = places.isfinite().all(2) & momenta.isfinite().all(2)
        places = torch.where(inside.unsqueeze(2), places, start)
        flat = places.flatten(0, 1)
        if target.log_prob is not None:
            log_prob = torch.cat([target.log_prob(part) for part in flat.split(BLOCK)]).reshape(n, -1)
        else:
            before = torch.cat([start[None], places[:-1]]).flatten(0, 1)
            pairs = zip(before.split(BLOCK), flat.split(BLOCK), strict=True)
            ratios = torch.cat([target.compare(one, None, other)[0] for one, other in pairs])
            log_prob = self._log_probs[end, growing] + ratios.reshape(n, -1).cumsum(0)
        weight = log_prob - 0.5 * momenta.square().sum(2) + self.energy[growing]
        return places, momenta, gradients, log_prob, torch.where(inside, weight, -torch.inf)


def _straight(momenta: Tensor) -> tuple[Tensor, Tensor]:
    """Whether no part of 2, 4, ..., n steps of n (n, A, d) has turned (A,), and the sum of all momenta (A, d)."""
    rho = first = last = momenta
    straight = torch.ones(momenta.shape[1], dtype=torch.bool, device=momenta.device)
    while len(rho) > 1:
        one, other = ((rho[k::2], first[k::2], last[k::2]) for k in (0, 1))
        straight &= _onward(*one, *other).all(0)
        rho, first, last = one[0] + other[0], one[1], other[2]
    return straight, rho[0]


def _onward(rho: Tensor, first: Tensor, last: Tensor, rho_2: Tensor, first_2: Tensor, last_2: Tensor) -> Tensor:
    """Whether two trajectories, one after the other, still go where they go on the whole, and either with the next step
    of the other; each is given by the sum of its momenta and those at its ends, (..., d).
    """
    parts = ((rho + rho_2, first, last_2), (rho + first_2, first, first_2), (rho_2 + last, last, last_2))
    along = torch.stack([one for one, *ends in parts for _ in ends])
    ends = torch.stack([end for _, *ends in parts for end in ends])
    return ((along * ends).sum(-1) > 0).all(0)
