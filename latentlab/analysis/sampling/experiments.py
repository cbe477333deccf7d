"""Experiments with chains: where they start, and what they made of a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.box import Box
from latentlab.analysis.sampling.budget import WORK, within
from latentlab.analysis.sampling.chains import PILOT, Chains, evaluations_of, sample_chains
from latentlab.analysis.sampling.hamiltonian import Hamiltonian
from latentlab.analysis.sampling.modes import Mode, missed
from latentlab.analysis.sampling.moves import Sampler
from latentlab.analysis.sampling.plane import frame, shade
from latentlab.analysis.sampling.problems import Energy, Instance, Problem
from latentlab.analysis.sampling.targets import SamplingError, in_units
from latentlab.data.builtin.synthetic import Density

Start = Literal["data", "one point", "far outside"]

FAR = 4  # standard deviations of the data
N_PROPOSALS = 40  # chains whose moves are kept, to be drawn


@dataclass(frozen=True)
class Experiment:
    """Chains, and what they are seen against.

    Attributes:
        chains: the result.
        start: (C, d).
        scale: of the steps; of the last one, if it was adapted.
        truth: the density that is sampled, where it has a closed form.
        density: (n, n) of the plane that is drawn, row 0 the lowest y, its largest 1; None where it isn't known.
        data: (N, d) examples.
        box: of the plane that is drawn.
        axes: the two coordinates that it shows.
        names: of all coordinates.
    """

    chains: Chains
    start: NDArray[np.floating]
    scale: float
    truth: Density | None
    density: NDArray[np.floating] | None
    data: NDArray[np.floating]
    box: Box
    axes: tuple[int, int]
    names: tuple[str, ...]

    def draws(self, burn_in: float) -> NDArray[np.floating]:
        """(T, C, d) of the chains that weren't lost, without a share of the steps at the start."""
        return self.chains.positions[self.n_burnt(burn_in) :, ~self.chains.lost]

    def missed(self, burn_in: float) -> list[Mode]:
        """The modes of the truth that the chains are hardly ever in, the heaviest first; none where it isn't known."""
        return [] if self.truth is None else missed(self.truth, self.draws(burn_in).reshape(-1, self.truth.dim))

    def n_burnt(self, burn_in: float) -> int:
        """The steps of a share of them."""
        return int(burn_in * len(self.chains.positions))


def start_places(data: Tensor, kind: Start, n: int, rng: torch.Generator) -> Tensor:
    """(n, d): places of examples, one of them for all, or places well outside on all sides.

    Args:
        data: (N, d) examples, or draws of what is sampled.
        kind: which.
        n: chains.
        rng: chooses the examples, or the directions.

    Raises:
        SamplingError: no such start.
    """
    if kind == "data":
        return data[torch.randint(len(data), (n,), generator=rng)]
    if kind == "one point":
        return data[:1].repeat(n, 1)
    if kind == "far outside":
        way = torch.randn((n, data.shape[1]), generator=rng, dtype=data.dtype)
        way = way / way.norm(dim=1, keepdim=True)
        std = float(data.std(0).norm()) / data.shape[1] ** 0.5
        outside: Tensor = data.mean(0) + FAR * std * way
        return outside
    raise SamplingError(f"Chains start at data, one point, or far outside; not at {kind!r}.")


def experiment(
    instance: Instance,
    sampler: Sampler,
    scale: float,
    start: Start = "data",
    n_chains: int = 100,
    n_steps: int = 300,
    seed: int = 0,
    work: float = WORK,
    report: Callable[[float], None] | None = None,
    adapt: float = 0.0,
) -> Experiment:
    """Run chains; with fewer steps than wished if they would take long, and with fewer chains if need be.

    Args:
        instance: what is sampled.
        sampler: what moves the chains.
        scale: of its steps.
        start: where the chains begin.
        n_chains: as wished.
        n_steps: as wished.
        seed: of starts and moves.
        work: floating-point operations that it may take.
        report: is given the share of the steps that is done.
        adapt: share of the steps, at the start, during which the scale is adapted.

    Raises:
        SamplingError: it can't be run; one sentence.
    """
    unit = torch.ones(instance.data.shape[1]) if instance.unit is None else instance.unit
    target = instance.target if instance.unit is None else in_units(instance.target, unit)
    few = start_places(instance.data / unit, start, PILOT, device.generator(seed))
    evaluations = evaluations_of(target, few, sampler, scale, adapt > 0)
    n_chains, n_steps = within(instance.flops_of(sampler) * evaluations, n_chains, n_steps, work)
    places = start_places(instance.data / unit, start, n_chains, device.generator(seed))
    if isinstance(sampler, Hamiltonian) and places.shape[1] == 2:
        sampler = replace(sampler, n_paths=N_PROPOSALS)
    chains = sample_chains(
        target, places, sampler=sampler, scale=scale, n_steps=n_steps, rng=device.generator(seed + 1),
        n_proposals=N_PROPOSALS, n_adapt=int(adapt * n_steps),
        report=None if report is None else lambda t: report(t / n_steps),
    )  # fmt: skip
    if instance.unit is not None:
        places, chains = places * unit, chains.times(unit)
    visited = chains.positions[n_steps // 2 :, ~chains.lost].reshape(-1, places.shape[1])
    data, truth = instance.data.numpy(), instance.clean if sampler.is_clean else instance.truth
    sight = visited if instance.is_local else np.concatenate([data, visited])
    box = frame(truth, sight[:, list(instance.axes)])
    log_prob = instance.target.log_prob if truth is None else truth.log_prob
    dense = shade(log_prob, box, places.dtype) if log_prob is not None and places.shape[1] == 2 else None
    assert chains.scales is not None
    return Experiment(
        chains, places.numpy(), float(chains.scales[-1]), truth, dense, data, box, instance.axes, instance.names
    )  # fmt: skip


def experiment_with(
    problem: Problem,
    energy: Energy,
    sampler: Sampler,
    power: float,
    start: Start,
    n_chains: int,
    n_steps: int,
    seed: int,
    work: float = WORK,
    report: Callable[[float], None] | None = None,
    adapt: float = 0.0,
) -> Experiment:
    """As `experiment`, of a problem by an energy, with the step that suits it times 2 ** power."""
    instance, scale = problem.instance(energy, seed), problem.scale(sampler) * 2.0**power
    return experiment(instance, sampler, scale, start, n_chains, n_steps, seed, work, report, adapt)
