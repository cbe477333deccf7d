"""Samplers at equal cost, ranked by how far they are from a truth that is known, and which of them not to trust.

The effective sample size says how many independent draws chains are worth of what they have reached. Of chains that
missed a mode, never reached a part of the density or disagree with each other it says nothing about the density,
however large it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from latentlab import device
from latentlab.analysis.arrays import Reals
from latentlab.analysis.box import Box
from latentlab.analysis.sampling.against_truth import as_samples, in_cells
from latentlab.analysis.sampling.chains import evaluations_of, sample_chains
from latentlab.analysis.sampling.diagnostics import Diagnostics, diagnose
from latentlab.analysis.sampling.experiments import Start, start_places
from latentlab.analysis.sampling.modes import missed
from latentlab.analysis.sampling.samplers import SAMPLERS
from latentlab.analysis.sampling.targets import exact
from latentlab.data.builtin.synthetic import Density

DISAGREE = 1.05  # R-hat from which on chains have not converged to one distribution
UNREACHED = 0.02  # of the probability: fewer cells than that may be missed by chance
NUMBERS = 2_048  # of a density's means: with more of them, fewer chains are run
FEWEST = 20  # chains


@dataclass(frozen=True)
class Comparison:
    """What a sampler made of its evaluations; but for the steps, of the second half of its chains.

    Attributes:
        name: of the sampler.
        scale: its step.
        n_steps: of each chain.
        n_chains: that were run.
        diagnostics: None where every chain was lost.
        distance: from the truth: total variation in cells of the plane, in other than two dimensions the square root of
            the squared maximum mean discrepancy. Infinite where every chain was lost.
        noise: the distance of as many independent draws.
        unreached: the probability of the cells of the plane that the chains were hardly ever in.
        missed: the probability of the modes that no chain, or next to none, was in.
    """

    name: str
    scale: float
    n_steps: int
    n_chains: int
    diagnostics: Diagnostics | None
    distance: float
    noise: float
    unreached: float
    missed: float

    @property
    def fault(self) -> str:
        """Why its effective sample size is not to be trusted, in a few words; empty where nothing speaks against it."""
        if self.diagnostics is None:
            return "every chain was lost"
        if self.missed:
            return f"missed modes of {self.missed:.0%} of the probability"
        if self.unreached > UNREACHED:
            return f"never reached {self.unreached:.0%} of the probability"
        return "" if np.max(self.diagnostics.r_hat) <= DISAGREE else "chains disagree"


def side_by_side(
    density: Density,
    scales: Mapping[str, float],
    start: Start,
    n_chains: int = 200,
    n_evaluations: int = 1_000,
    seed: int = 0,
) -> list[Comparison]:
    """Give each sampler the same number of evaluations of the density or its gradient; the nearest to the truth first.

    Args:
        density: to be sampled.
        scales: name in `SAMPLERS` -> step.
        start: where the chains begin.
        n_chains: of each sampler, fewer for a density of very many components.
        n_evaluations: for each chain; about as many where a few steps must tell what one costs.
        seed: of starts and moves.
    """
    n_chains = min(n_chains, max(FEWEST, n_chains * NUMBERS // density.means.numel()))
    found = []
    for name, scale in scales.items():
        sampler = SAMPLERS[name]
        places = start_places(density.sample(n_chains, device.generator(seed)), start, n_chains, device.generator(seed))
        n_steps = max(8, int(n_evaluations / evaluations_of(exact(density), places, sampler, scale)))
        chains = sample_chains(
            exact(density), places, sampler=sampler, scale=scale, n_steps=n_steps, rng=device.generator(seed + 1)
        )
        if chains.lost.all():
            found.append(Comparison(name, scale, n_steps, n_chains, None, np.inf, np.nan, 1.0, 1.0))
            continue
        diagnostics, draws = diagnose(chains, sampler, n_steps // 2), chains.positions[n_steps // 2 :, ~chains.lost]
        draws = draws.reshape(-1, density.dim)
        unseen = float(sum(mode.weight for mode in missed(density, draws)))
        apart = _apart(draws, density)
        found.append(Comparison(name, scale, n_steps, n_chains, diagnostics, *apart, unseen))
    return sorted(found, key=lambda row: row.distance)


def _apart(draws: Reals, density: Density) -> tuple[float, float, float]:
    """The distance of draws (N, d) from the truth, that of as many independent ones, and the share never reached."""
    if density.dim != 2:
        mmd = as_samples(draws, density).mmd
        return float(np.sqrt(max(0.0, mmd.value))), float(np.sqrt(mmd.null_std)), 0.0
    (x_low, y_low), (x_high, y_high) = (corner.tolist() for corner in density.box)
    shares = in_cells(draws, density, np.empty(0), Box(x_low, x_high, y_low, y_high))
    return shares.total_variation, shares.noise, shares.unreached
