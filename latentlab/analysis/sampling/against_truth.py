"""How far the draws of an experiment are from what is known of the truth: in cells of the plane, and as samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.arrays import Doubles, Reals
from latentlab.analysis.box import Box
from latentlab.analysis.sampling.distances import cells, mmd, wasserstein
from latentlab.analysis.sampling.modes import MISSED
from latentlab.analysis.stats import Measured, total_variation
from latentlab.data.builtin.synthetic import Density

N_CELLS = 24  # along a side
N_PAIRED = 500  # draws for what takes all pairs
N_MEASURED = 3_000  # draws whose distance to a component is taken
FAR = 6.0  # widths across a curve: beyond it nothing of the density is left
SEED = 7  # of the independent draws


@dataclass(frozen=True)
class InCells:
    """Draws in equal cells of a box, row 0 the lowest y.

    Attributes:
        masses: (n, n) of the truth.
        shares: (n, n) of the draws.
        total_variation: between the two.
        noise: total variation of as many independent draws.
        unreached: the probability of the cells that the draws are hardly ever in.
    """

    masses: Doubles
    shares: Doubles
    total_variation: float
    noise: float
    unreached: float


@dataclass(frozen=True)
class AsSamples:
    """Draws beside as many independent ones of the truth.

    Attributes:
        mmd: squared maximum mean discrepancy of `n_paired` draws of each.
        wasserstein: (d,) distance of each coordinate, in units of x.
        n_paired: draws that all pairs were taken of.
    """

    mmd: Measured
    wasserstein: Doubles
    n_paired: int


@dataclass(frozen=True)
class FromCentres:
    """How far from the nearest component's centre draws lie, in units of a component's width.

    Attributes:
        width: the mean standard deviation of a component, in units of x.
        rms: root mean square over the draws.
        n_far: chains whose last place is far off.
        share_far: of the draws.
    """

    width: float
    rms: float
    n_far: int
    share_far: float


def in_cells(draws: Reals, truth: Density | None, shade: Reals, box: Box) -> InCells:
    """Compare draws (N, 2) in cells of a box with the truth; without its closed form with a shade (m, m) of it.

    Args:
        draws: those outside of the box are in no cell.
        truth: normalised.
        shade: the density in the middles of m × m cells, at any scale, m a multiple of `N_CELLS`; counts as all there
            is of the truth.
        box: where.
    """
    grid = cells(box.low, box.high, N_CELLS)
    if truth is not None:
        masses = grid.masses(truth.log_prob)
    else:
        side = len(shade) // N_CELLS
        masses = shade.astype(np.float64).reshape(N_CELLS, side, N_CELLS, side).sum((1, 3))
        masses = masses / masses.sum()
    shares = grid.shares(draws)
    unreached = float(masses[shares < MISSED * masses].sum())
    return InCells(masses, shares, total_variation(masses, shares), expected_noise(masses, len(draws)), unreached)


def expected_noise(masses: Doubles, n: int, seed: int = 0) -> float:
    """The total variation of n independent draws from cells of the given masses."""
    share = (masses / masses.sum()).reshape(-1)
    drawn = np.random.default_rng(seed).multinomial(n, share) / n
    return total_variation(share, drawn)


def as_samples(draws: Reals, truth: Density) -> AsSamples:
    """Compare draws (N, d) with as many independent ones."""
    return between_samples(draws, truth.sample(len(draws), device.generator(SEED)).numpy())


def between_samples(draws: Reals, real: Reals) -> AsSamples:
    """Compare draws (N, d) with independent ones (M, d)."""
    n = min(N_PAIRED, len(draws), len(real))
    apart = mmd(draws[:: len(draws) // n][:n], real[:n])
    return AsSamples(apart, wasserstein(draws, real), n)


def from_centres(draws: Reals, last: Reals, truth: Density) -> FromCentres:
    """How far from the nearest component's centre draws (N, d) and last places (C, d) lie.

    For a curve in d dimensions, √(d - 1) widths is what noise across it gives.
    """
    step = max(1, len(draws) // N_MEASURED)
    some, ends = (torch.from_numpy(np.ascontiguousarray(x, np.float64)) for x in (draws[::step], last))
    width = float(truth.stds.mean())
    limit = FAR * math.sqrt(max(1, truth.dim - 1) / 2)
    far, ended = truth.nearest(some)[1] / width, truth.nearest(ends)[1] / width
    return FromCentres(
        width, float(far.square().mean().sqrt()), int((ended > limit).sum()), float((far > limit).double().mean())
    )
