"""One dimension: the exact optima of denoising and contracting autoencoders, with each value of r free.

Alain & Bengio (2014); Alain (2018), §3.3.3. On places x_i with spacing Δ and density p_i:

    denoising     r_i = Σ_j w_ij p_j x_j / Σ_j w_ij p_j,  w_ij = exp(-(x_i - x_j)² / 2σ²)
    contracting   minimises Σ_i p_i Δ (r_i - x_i)² + σ² Σ_i p_i Δ ((r_{i+1} - r_i) / Δ)²       eq. 3.11
                  whose stationarity is a tridiagonal linear system, with nothing beyond the ends

The score that either stands for is (r - x) / σ². The density that the source draws isn't printed; this is the one of
the author's public program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.score.field import FieldError, check_sigma
from latentlab.data import mixture

Function = Callable[[Doubles], Doubles]
Bump = tuple[float, float, float]  # place, width, weight
Bumps = tuple[Bump, ...]

COLUMNS = ("place", "width", "weight")  # of a table of bumps

LOW, HIGH, N_PLACES = -1.5, 1.5, 1000  # the source's
WITHIN = 0.9  # errors are taken over |x| up to this: the middle 60 % that the source draws
SOURCE_SIGMAS = (1.0, 0.31, 0.16, 0.06)


@dataclass(frozen=True)
class Optima:
    """The exact optima over M places; all (M,)."""

    x: Doubles
    p: Doubles  # the density
    score: Doubles  # its true score
    denoising: Doubles  # r, not a number where the noise can't reach any data
    contracting: Doubles  # r
    sigma: float

    @property
    def denoising_score(self) -> Doubles:
        """(r - x) / σ² of the denoising optimum: exactly the score of the density blurred by σ."""
        return (self.denoising - self.x) / self.sigma**2

    @property
    def contracting_score(self) -> Doubles:
        """(r - x) / σ² of the contracting optimum."""
        return (self.contracting - self.x) / self.sigma**2


@dataclass(frozen=True)
class Errors:
    """Root mean squares weighted by p over |x| <= `WITHIN`, one for each sigma; in units of the score."""

    sigmas: tuple[float, ...]
    contracting: Doubles  # against the true score
    denoising: Doubles  # against the true score
    between: Doubles  # of the two against each other
    score: float  # of the true score itself


def places() -> Doubles:
    """(M,) the source's places."""
    return np.linspace(LOW, HIGH, N_PLACES)


def read_bumps(rows: object) -> Bumps:
    """The bumps of a table, a mapping for each row: incomplete rows are left out."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        values = [row.get(name) for name in COLUMNS]
        if all(isinstance(v, int | float) and math.isfinite(v) for v in values):
            found.append((float(values[0]), float(values[1]), float(values[2])))
    return tuple(found)


def source_log_density(x: Doubles) -> Doubles:
    """log p(x) but for a constant: -(10 (x + 1)² + 1) (20 x² + 1) (30 (x - 1)² + 1) / 1000."""
    return -(10 * (x + 1) ** 2 + 1) * (20 * x**2 + 1) * (30 * (x - 1) ** 2 + 1) / 1000


def source_score(x: Doubles) -> Doubles:
    """The derivative of `source_log_density`."""
    a, b, c = 10 * (x + 1) ** 2 + 1, 20 * x**2 + 1, 30 * (x - 1) ** 2 + 1
    return -(20 * (x + 1) * b * c + a * 40 * x * c + a * b * 60 * (x - 1)) / 1000


def of_bumps(bumps: Sequence[Bump]) -> tuple[Function, Function]:
    """The log density of a mixture of Gaussians, and its score.

    Args:
        bumps: place, width and weight of each.

    Raises:
        DataError: there are none, or a width or the weights aren't positive.
    """
    density = mixture([[place] for place, _, _ in bumps], [w for _, w, _ in bumps], [m for _, _, m in bumps])

    def log_density(x: Doubles) -> Doubles:
        found: Doubles = density.log_prob(torch.from_numpy(x)[:, None]).numpy()
        return found

    def score(x: Doubles) -> Doubles:
        found: Doubles = density.score(torch.from_numpy(np.ascontiguousarray(x))[:, None])[:, 0].numpy()
        return found

    return log_density, score


BUMPS: dict[str, tuple[Bump, ...]] = {  # densities to begin with; no bump at all stands for the source's
    "Alain & Bengio": (),
    "three points": ((-0.7, 0.01, 1.0), (-0.05, 0.01, 1.0), (0.6, 0.01, 1.0)),
    "bumps": ((-0.5, 0.15, 1.0), (0.3, 0.1, 1.5), (0.6, 0.2, 0.5)),
}


def density_of(bumps: Sequence[Bump]) -> tuple[Function, Function]:
    """The log-density of some bumps and its derivative; the source's of none.

    Raises:
        FieldError: as `of_bumps`.
    """
    return of_bumps(bumps) if bumps else (source_log_density, source_score)


def optima(log_density: Function, score: Function, sigma: float, x: Doubles | None = None) -> Optima:
    """The exact optima for a density, which need not be normalised.

    Args:
        log_density: (M,) -> (M,).
        score: (M,) -> (M,), its derivative.
        sigma: of the noise, or the root of the penalty's weight.
        x: evenly spaced places; None for the source's.

    Raises:
        FieldError: sigma isn't positive, or the density is not a number or 0 everywhere.
    """
    check_sigma(sigma)
    x = places() if x is None else x
    step = x[1] - x[0]
    log_p = log_density(x)
    if not np.isfinite(log_p).any() or np.isnan(log_p).any() or np.isposinf(log_p).any():
        raise FieldError("The density has no finite values here.")
    log_p = log_p - log_p.max()
    log_p -= np.log(np.exp(log_p).sum() * step)
    return Optima(x, np.exp(log_p), score(x), _denoising(x, log_p, sigma), _contracting(x, log_p, sigma), sigma)


def errors(log_density: Function, score: Function, sigmas: Sequence[float], x: Doubles | None = None) -> Errors:
    """How far the optima's scores are from the true one, and from each other, for each sigma."""
    found = [optima(log_density, score, sigma, x) for sigma in sigmas]
    rows = []
    for one in found:
        a, b = one.contracting_score, one.denoising_score
        rows.append([_rms(one, a - one.score), _rms(one, b - one.score), _rms(one, a - b)])
    columns = np.array(rows).reshape(-1, 3).T
    return Errors(tuple(sigmas), columns[0], columns[1], columns[2], _rms(found[0], found[0].score))


def _rms(one: Optima, values: Doubles) -> float:
    near = np.abs(one.x) <= WITHIN + 1e-9
    return float(np.sqrt((one.p[near] * values[near] ** 2).sum() / one.p[near].sum()))


def _denoising(x: Doubles, log_p: Doubles, sigma: float) -> Doubles:
    log_w = log_p - (x[:, None] - x) ** 2 / (2 * sigma**2)
    w = np.exp(log_w - log_w.max(1, keepdims=True))
    r: Doubles = (w @ x) / w.sum(1)
    return r


def _contracting(x: Doubles, log_p: Doubles, sigma: float) -> Doubles:
    """Row i: p_i (r_i - x_i) + (σ/Δ)² [p_{i-1} (r_i - r_{i-1}) - p_i (r_{i+1} - r_i)] = 0, divided by p_i.

    Divided, the rows stay of one size where p all but vanishes; p_{i-1} / p_i is taken from the logarithms.
    """
    from scipy.linalg import solve_banded  # imported here: the first page has no need of it

    stiff = (sigma / (x[1] - x[0])) ** 2
    before = stiff * np.exp(np.clip(np.diff(-log_p, prepend=-log_p[:1]), -700, 700))  # p_{i-1} / p_i
    before[0] = 0
    after = np.full(len(x), stiff)
    after[-1] = 0
    bands = np.zeros((3, len(x)))
    bands[0, 1:], bands[1], bands[2, :-1] = -after[:-1], 1 + before + after, -before[1:]
    r: Doubles = solve_banded((1, 1), bands, x)
    return r
