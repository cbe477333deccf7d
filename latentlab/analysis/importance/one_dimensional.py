"""Importance sampling on a line: E_p[f] as the mean of p/q f over draws from q (Alain 2018, §7.3.1).

For p = N(0, 1) the best q is p |f| / ∫ p |f|: for f = x all values are ±√(2/π), for f = x² all are 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles

EDGE, N_CELLS = 8.0, 4_001  # of the grid: p beyond it is below 1e-15
GRID = np.linspace(-EDGE, EDGE, N_CELLS)
FUNCTIONS: Mapping[str, Callable[[Doubles], Doubles]] = {
    "x": lambda x: x,
    "x²": np.square,
    "x above 2": lambda x: (x > 2).astype(np.float64),
}


@dataclass(frozen=True, eq=False)
class Estimates:
    """Draws from a proposal.

    Attributes:
        density: (G,) p on `GRID`.
        proposal: (G,) q on `GRID`.
        values: (G,) f on `GRID`.
        exact: E_p[f].
        variances: of p f/q under p itself, q, and the best proposal.
        draws: (n,) p/q f of each draw.
        running: (n,) their running mean.
    """

    density: Doubles
    proposal: Doubles
    values: Doubles
    exact: float
    variances: tuple[float, float, float]
    draws: Doubles
    running: Doubles


def estimate(function: str, mean: float, std: float, mixed: float, n: int, seed: int = 0) -> Estimates:
    """Estimate E[f] under N(0, 1) by draws from (1 - mixed) N(mean, std²) + mixed · (the best proposal).

    Args:
        function: a name in `FUNCTIONS`.
        mean, std: of the proposal.
        mixed: share of the best proposal, in [0, 1].
        n: draws.
        seed: of the draws.
    """
    width = GRID[1] - GRID[0]
    f = FUNCTIONS[function](GRID)
    p = _normalised(np.exp(-0.5 * GRID**2), width)
    best = _normalised(p * np.abs(f), width)
    q = (1 - mixed) * _normalised(np.exp(-0.5 * ((GRID - mean) / std) ** 2), width) + mixed * best
    exact = float((p * f).sum() * width)
    variances = tuple(_second(p, f, one, width) - exact**2 for one in (p, q, best))
    cells = np.random.default_rng(seed).choice(len(GRID), n, p=q * width / (q * width).sum())
    drawn = p[cells] * f[cells] / q[cells]
    running = np.cumsum(drawn) / np.arange(1, n + 1)
    return Estimates(p, q, f, exact, (variances[0], variances[1], variances[2]), drawn, running)


def _normalised(values: Doubles, width: float) -> Doubles:
    return np.asarray(values / (values.sum() * width), np.float64)


def _second(p: Doubles, f: Doubles, q: Doubles, width: float) -> float:
    """E_q[(p/q f)²]; infinite where q misses what counts."""
    counts = np.abs(p * f) > 0
    if (q[counts] == 0).any():
        return float("inf")
    return float(((p[counts] * f[counts]) ** 2 / q[counts]).sum() * width)
