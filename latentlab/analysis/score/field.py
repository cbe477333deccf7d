"""The score field that a denoiser learned: over a box, as an energy, against the truth, and how far it is from a
gradient.

With r = denoise, noise σ and q the density of noisy data, (r(x) - x) / σ² estimates ∇ log q(x), and E = -log q + const
(Alain & Bengio 2014; Alain 2018, eqs. 3.5, 3.13). All functions take functions of batches (N, d) -> (N, d).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Floats, doubles
from latentlab.analysis.box import Box
from latentlab.analysis.jacobian import asymmetry, jacobian
from latentlab.data.builtin.synthetic import Density, points

Denoise = Callable[[Tensor], Tensor]  # (N, d) -> (N, d)
ScoreFunction = Callable[[Tensor], Tensor]  # (N, d) -> (N, d): the gradient of a log density
Rule = Literal["midpoint", "gauss-legendre", "trapezoid", "ends", "first-order"]

SIGMAS = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0)  # of a width 1 to 10
MOST_POINTS = 20_000  # of a point set whose optimal denoiser is computed


class FieldError(ValueError):
    """A field that can't be computed; the message is one sentence for the user."""


@dataclass(frozen=True)
class Field:
    """A score over a lattice: row i lies at y[i], column j at x[j], both ascending."""

    x: Floats  # (n,)
    y: Floats  # (n,)
    score: Floats  # (n, n, 2); not a number where the denoiser's answer wasn't finite
    sigma: float

    @property
    def length(self) -> Floats:
        """(n, n) |score|."""
        found: Floats = np.sqrt(np.square(self.score).sum(-1))
        return found

    @property
    def directions(self) -> Field:
        """The same arrows with a length of 1, where the length means nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return replace(self, score=self.score / self.length[..., None])

    @property
    def n_holes(self) -> int:
        """The number of places without a score."""
        return int(np.isnan(self.score).any(-1).sum())


@dataclass(frozen=True)
class Difference:
    """How an estimated score differs from the true one, place by place; any one shape."""

    angle: Floats  # degrees, 0 to 180
    length: Floats  # |estimate| / |truth| - 1


@dataclass(frozen=True)
class Agreement:
    """How an estimated score agrees with the true one over places."""

    median_cosine: float
    relative_rms: float  # sqrt(mean |estimate - truth|² / mean |truth|²)
    n_holes: int  # places left out, since a score was not finite there


@dataclass(frozen=True)
class Curl:
    """How far a field is from a gradient; all (N,), and 0 for a gradient."""

    asymmetry: Doubles  # |J - Jᵀ| / |J|, Frobenius norms
    rotation: Doubles  # dr_2/dx_1 - dr_1/dx_2; NaN in other than two dimensions


@dataclass(frozen=True)
class LoopEnergies:
    """Integrals of a score along a polygon, in nats."""

    around: float  # ∮ score · dx; 0 for a gradient
    one_way: float  # energy of the middle corner above the first one, along one side of the polygon
    other_way: float  # the same along the other side


def lattice(box: Box, n: int) -> Tensor:
    """(n n, 2) float32: the places of an n × n lattice over a box, row by row from its lower left corner.

    Raises:
        FieldError: the box is empty or not finite.
    """
    if not box.is_proper:
        raise FieldError("The box needs a left edge left of its right edge, and a lower edge below its upper edge.")
    y, x = torch.meshgrid(torch.linspace(*box.y, n), torch.linspace(*box.x, n), indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def triangle(box: Box, share: float = 0.3) -> list[tuple[float, float]]:
    """The corners of an upright triangle about the middle of a box, its radius a share of the box's width."""
    (x, y), r = box.centre, share * box.width
    turns = (math.radians(turn) for turn in (90, 210, 330))
    return [(x + r * math.cos(turn), y + r * math.sin(turn)) for turn in turns]


def check_sigma(sigma: float) -> None:
    """A standard deviation of noise is a positive number.

    Raises:
        FieldError: it isn't.
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise FieldError(f"The noise sigma must be a positive number, not {sigma:g}.")


def suiting_sigmas(width: float) -> list[float]:
    """Round noises for a plane so wide, from almost none to one that blurs all of it."""
    unit = 10.0 ** math.floor(math.log10(width))
    return [float(f"{unit * sigma:.3g}") for sigma in SIGMAS if 0.002 * width < unit * sigma < 0.4 * width]


def score_of(denoise: Denoise, sigma: float) -> ScoreFunction:
    """The score that a denoiser stands for: x -> (r(x) - x) / σ².

    Raises:
        FieldError: sigma isn't a positive number.
    """
    check_sigma(sigma)
    return lambda x: (denoise(x) - x) / sigma**2


@torch.no_grad()
def score_field(denoise: Denoise, sigma: float, box: Box, n: int) -> Field:
    """(r(x) - x) / σ² over an n × n lattice: one forward pass.

    Raises:
        FieldError: sigma isn't positive, or the box is empty.
    """
    at = lattice(box, n)
    found = score_of(denoise, sigma)(at).float()
    found[~found.isfinite().all(1)] = math.nan
    grid = at.reshape(n, n, 2).numpy()
    return Field(grid[0, :, 0].copy(), grid[:, 0, 1].copy(), found.reshape(n, n, 2).cpu().numpy(), sigma)


def difference(estimate: Floats, truth: Floats) -> Difference:
    """(..., d), (..., d) scores -> the angle between them and the relative error of the length, each (...)."""
    a, b = estimate.astype(np.float64), truth.astype(np.float64)
    long, wide = np.linalg.norm(a, axis=-1), np.linalg.norm(b, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.degrees(np.arccos(np.clip((a * b).sum(-1) / (long * wide), -1, 1)))
        return Difference(angle.astype(np.float32), (long / wide - 1).astype(np.float32))


def agreement(estimate: Tensor, truth: Tensor) -> Agreement:
    """(N, d), (N, d) scores -> how they agree over the places where both are finite."""
    fine = estimate.isfinite().all(1) & truth.isfinite().all(1)
    a, b = estimate[fine].double(), truth[fine].double()
    if not len(a):
        return Agreement(math.nan, math.nan, len(fine))
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=1).median()
    relative = ((a - b).square().sum() / b.square().sum()).sqrt()
    return Agreement(float(cosine), float(relative), int((~fine).sum()))


@torch.no_grad()
def energy_difference(score: ScoreFunction, x: Tensor, x_new: Tensor, n_points: int, rule: Rule = "midpoint") -> Tensor:
    """E(x_new) - E(x) = -∫ score · dx along the straight line, (N, d), (N, d) -> (N,) nats.

    midpoint        the middles of n equal parts; the error falls with 1 / n²
    gauss-legendre  exact for polynomials of degree 2n - 1
    trapezoid       n places, the ends among them, which count half
    ends            the source's (3.14): n places, ends included, all equal; the error falls only with 1 / n
    first-order     the gradient at x alone; too rough to sample with

    Raises:
        FieldError: too few points for the rule.
    """
    if n_points < (2 if rule in ("trapezoid", "ends") else 1):
        raise FieldError(f"The rule “{rule}” needs more than {n_points} points along the line.")
    t, weight = _rule(rule, n_points)
    step = x_new - x
    along = (x + step * part for part in t.tolist())
    parts = [w * (score(at) * step).sum(1) for at, w in zip(along, weight.tolist(), strict=True)]
    return -torch.stack(parts).sum(0)


def loop_energies(score: ScoreFunction, polygon: Tensor, n_points: int = 50) -> LoopEnergies:
    """What a score says once around a polygon (M, 2), M at least 3, and between its first and its middle corner."""
    middle = len(polygon) // 2
    ways = polygon[: middle + 1], torch.cat([polygon[middle:], polygon[:1]]).flip(0)
    one, other = (
        float(energy_difference(score, way[:-1], way[1:], n_points, "gauss-legendre").double().sum()) for way in ways
    )
    return LoopEnergies(loop_integral(score, polygon, n_points), one, other)


def loop_integral(score: ScoreFunction, polygon: Tensor, n_points: int = 50) -> float:
    """∮ score · dx once around a polygon (M, d), in nats: 0 for a gradient, whatever the polygon."""
    parts = energy_difference(score, polygon, polygon.roll(-1, 0), n_points, "gauss-legendre")
    return -float(parts.double().sum())


@torch.no_grad()
def energy_surface(score: ScoreFunction, box: Box, n: int, refine: int = 4) -> Floats:
    """(n, n) nats over the lattice of a `Field`: -∫ score · dx up the middle column, then along the rows; lowest is 0.

    Each step between two places of the lattice is a midpoint rule with `refine` parts. NaN from a hole on.
    """
    at = lattice(box, n).reshape(n, n, 2)
    middle = n // 2
    column, rows = at[:, middle], at.transpose(0, 1)
    up = energy_difference(score, column[:-1], column[1:], refine).double()
    across = energy_difference(score, rows[:-1].reshape(-1, 2), rows[1:].reshape(-1, 2), refine).double()
    steps = across.reshape(n - 1, n)
    along = torch.cat([torch.zeros(1, n, dtype=torch.float64), steps.cumsum(0)])  # (x, y)
    height = torch.cat([torch.zeros(1, dtype=torch.float64), up.cumsum(0)])
    found = (along - along[middle] + height).T.numpy()
    found = np.where(np.isfinite(found), found, np.nan)
    lowest = np.nanmin(found) if np.isfinite(found).any() else 0.0
    return (found - lowest).astype(np.float32)


def curl(denoise: Denoise, x: Tensor) -> Curl:
    """(N, d) -> how asymmetric the Jacobian of r is at each place; a gradient's is symmetric (the source's §3.3.6)."""
    j = jacobian(denoise, x).double()
    rotation = j[:, 1, 0] - j[:, 0, 1] if x.shape[1] == 2 else j.new_full((len(j),), math.nan)
    return Curl(doubles(asymmetry(j)), doubles(rotation))


def optimal_denoiser(x: Tensor, sigma: float) -> Denoise:
    """The exact optimum for points (N, d): r*(x) = Σ_i softmax_i(-|x - x_i|² / 2σ²) x_i, a kernel regression.

    Raises:
        FieldError: there are no points, too many, or some aren't numbers; or sigma isn't positive.
    """
    if x.dim() != 2 or not len(x):
        raise FieldError("There are no points to denoise towards.")
    if len(x) > MOST_POINTS:
        raise FieldError(f"{len(x):,} points are too many for an exact answer: take at most {MOST_POINTS:,} of them.")
    if not x.isfinite().all():
        raise FieldError("Some of the points are not finite numbers.")
    check_sigma(sigma)
    return partial(_towards, points(x, sigma), sigma)


def _towards(kernel: Density, sigma: float, at: Tensor) -> Tensor:
    """The optimal denoiser of a density that is blurred by sigma already."""
    return at + sigma**2 * kernel.score(at)


def _rule(rule: Rule, n: int) -> tuple[Doubles, Doubles]:
    """Places in [0, 1] and their weights, which sum to 1."""
    match rule:
        case "midpoint":
            return (np.arange(n) + 0.5) / n, np.full(n, 1 / n)
        case "gauss-legendre":
            nodes, weights = np.polynomial.legendre.leggauss(n)
            return (nodes + 1) / 2, weights / 2
        case "trapezoid":
            ends = np.array([1.0 if 0 < i < n - 1 else 0.5 for i in range(n)])
            return np.linspace(0, 1, n), ends / (n - 1)
        case "ends":
            return np.linspace(0, 1, n), np.full(n, 1 / n)
        case "first-order":
            return np.zeros(1), np.ones(1)
