"""Ready-made parts of an experiment: samplers by name, starts, densities that are hard, and samplers side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.sampling.always_accepted import Gibbs
from latentlab.analysis.sampling.chains import Sampler, sample_chains
from latentlab.analysis.sampling.diagnostics import Diagnostics, diagnose
from latentlab.analysis.sampling.distances import cells, total_variation
from latentlab.analysis.sampling.hamiltonian import HMC
from latentlab.analysis.sampling.langevin import MALA, Langevin
from latentlab.analysis.sampling.random_walk import RandomWalk
from latentlab.analysis.sampling.targets import LogProb, SamplingError, Target, mixture_conditional
from latentlab.analysis.sampling.tempering import Tempering
from latentlab.data.builtin.synthetic import CHUNK, Density, mixture
from latentlab.distributions import LOG_2PI

Start = Literal["data", "one point", "far outside"]

SAMPLERS: dict[str, Callable[[], Sampler]] = {
    sampler.name: sampler for sampler in (RandomWalk, MALA, Langevin, HMC, Tempering, Gibbs)
}
FAR_MODES = mixture([[-4.0, 0.0], [4.0, 0.0]], 0.5, [0.3, 0.7], torch.arange(2), ("left mode", "right mode"))
N_CELLS = 40  # along a side of the box that total variation is counted in
NEAR = 10  # standard deviations
NOTHING = -80.0  # in a sum of exponentials that holds a 1: below single precision, and a normal number in it
FAR = 4  # spreads of the data


@dataclass(frozen=True)
class Comparison:
    """What a sampler made of its evaluations.

    Attributes:
        name: of the sampler.
        scale: its step.
        n_steps: of each chain.
        diagnostics: of the second half.
        total_variation: of the second half from the density, in cells; NaN in other than two dimensions.
    """

    name: str
    scale: float
    n_steps: int
    diagnostics: Diagnostics
    total_variation: float


def exact(density: Density) -> Target:
    """All that is known of a density: itself, its score and its conditionals."""
    conditional = mixture_conditional(density.means, density.stds, density.log_weights)
    return Target(prepared(density), gradient=density.score, conditional=conditional)


def prepared(density: Density) -> LogProb:
    """`density.log_prob` with all that doesn't depend on the place worked out once: a quarter of the time.

    log w_k N(x; m_k, s_k²) is linear in x and x², so that two products of matrices give all components.
    """
    centre = density.means.mean(0)  # differences of squares: keep them small
    near = bool(density.means.abs().amax() < NEAR * density.stds.amin())  # small already: a subtraction less
    centre = torch.zeros_like(centre) if near else centre
    means, precision = density.means - centre, density.stds.square().reciprocal()
    constant = density.log_weights - density.stds.log().sum(1) - density.dim / 2 * LOG_2PI
    constant = (constant - 0.5 * (precision * means.square()).sum(1)).unsqueeze(1)  # (K, 1)
    whole = (centre, constant, precision * means, -0.5 * precision)  # (d,), (K, 1), (K, d), (K, d)
    known: dict[tuple[torch.dtype, torch.device], tuple[Tensor, ...]] = {}

    def log_prob(x: Tensor) -> Tensor:
        if len(x) * len(means) > CHUNK:
            return density.log_prob(x)
        key = (x.dtype, x.device)
        if key not in known:
            known[key] = tuple(part.to(x) for part in whole)
        middle, rest, linear, quadratic = known[key]
        place = x if near else x - middle
        joint = torch.addmm(rest, linear, place.T).addmm_(quadratic, place.square().T)
        most = joint.amax(0)  # log Σ exp by hand: no exponential may be so small that it is slow
        return joint.sub_(most).clamp_(min=NOTHING).exp_().sum(0).log_().add_(most)

    return log_prob


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
        spread = float(data.std(0).norm()) / data.shape[1] ** 0.5
        outside: Tensor = data.mean(0) + FAR * spread * way
        return outside
    raise SamplingError(f"Chains start at data, one point, or far outside; not at {kind!r}.")


def side_by_side(
    density: Density,
    scales: Mapping[str, float],
    start: Start,
    n_chains: int = 200,
    n_evaluations: int = 1_000,
    seed: int = 0,
) -> list[Comparison]:
    """Give each sampler the same number of evaluations of the density or its gradient.

    Args:
        density: to be sampled.
        scales: name in `SAMPLERS` -> step.
        start: where the chains begin.
        n_chains: of each sampler.
        n_evaluations: for each chain.
        seed: of starts and moves.
    """
    found = []
    for name, scale in scales.items():
        sampler = SAMPLERS[name]()
        places = start_places(density.sample(n_chains, device.generator(seed)), start, n_chains, device.generator(seed))
        n_steps = max(8, n_evaluations // sampler.evaluations)
        chains = sample_chains(
            exact(density), places, sampler=sampler, scale=scale, n_steps=n_steps, rng=device.generator(seed + 1)
        )
        judged, distance = diagnose(chains, sampler, n_steps // 2), float("nan")
        if density.dim == 2:
            low, high = (corner.tolist() for corner in density.box)
            box = cells((low[0], low[1]), (high[0], high[1]), N_CELLS)
            draws = chains.positions[n_steps // 2 :, ~chains.lost].reshape(-1, 2)
            distance = total_variation(box.masses(density.log_prob), box.shares(draws))
        found.append(Comparison(name, scale, n_steps, judged, distance))
    return found
