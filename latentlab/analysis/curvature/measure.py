"""All that is shown of the curvature of a network at one time of its training, as arrays.

The eigenvectors themselves, of d numbers each, are not kept: what is worth seeing of them is their share in each layer
and the loss along them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.curvature.eigenpairs import blocks, extreme, shares
from latentlab.analysis.curvature.lines import BestStep, along, best_step, surface
from latentlab.analysis.curvature.objective import NotFiniteError, Objective
from latentlab.analysis.curvature.spectrum import density

RANGES = (0.1, 1.0, 10.0)  # of α along an eigenvector
N_ALONG, N_SURFACE = 41, 21  # steps along a line, and along a side of the surface
N_VECTORS, N_STEPS = 6, 30  # of the density
DIFFERENT = 0.01  # relative difference of H v from that of the gradients, beyond which H isn't their derivative
STEP = 1e-6  # between them
LOSS_SHARE = 0.1  # of the loss that the parabola changes by at the edge of the surface, if the best step is shorter


@dataclass(frozen=True, eq=False)
class Curvature:
    """A network at one time of its training.

    Attributes:
        loss: L over the fixed examples.
        gradient: the length of g.
        size: d.
        n_high: of the eigenvalues, so many are the largest, LA; the others are the smallest, SA.
        values: (k,) eigenvalues, from the largest to the smallest.
        slopes: (k,) c = gᵀv of each.
        alphas: (k,) the best step α along each; 0 where none lowers the loss.
        changes: (k,) of the loss by it, at most 0.
        residuals: (k,) |H v - λ v|.
        shares: (2, n layers) share of the first and of the last eigenvector in the parameters of each layer.
        blocks: (n layers, 2) the largest and the smallest eigenvalue of each layer's own block.
        nodes, weights: (n,) the spectral density, as a share of all eigenvalues at each node.
        trace: sum of all eigenvalues, and its standard error.
        lines: (2, n ranges, 2, N_ALONG) along the first and the last eigenvector for each of `RANGES` of α: the loss,
            infinite where it is no number, and the parabola.
        surface: (N_SURFACE, N_SURFACE) the loss over the first (by column) and the last eigenvector (by row).
        reach: (2,) |step| of length 1 vectors at the edges of the surface.
        n_products: (2,) products with H that LA and SA took.
    """

    loss: float
    gradient: float
    size: int
    n_high: int
    values: Doubles
    slopes: Doubles
    alphas: Doubles
    changes: Doubles
    residuals: Doubles
    shares: Doubles
    blocks: Doubles
    nodes: Doubles
    weights: Doubles
    trace: Doubles
    lines: Doubles
    surface: Doubles
    reach: Doubles
    n_products: Doubles

    @property
    def largest(self) -> float:
        """λ₁."""
        return float(self.values[0])

    @property
    def smallest(self) -> float:
        """λ_d."""
        return float(self.values[-1])


def measure(
    objective: Objective, n_high: int, n_low: int, progress: Callable[[float], None] = lambda _: None
) -> Curvature:
    """The curvature of a loss where its parameters stand; they are there again at the end.

    Args:
        objective: the loss.
        n_high: of the largest eigenvalues.
        n_low: of the smallest.
        progress: is given the share that is done.

    Raises:
        NotFiniteError: the loss or a derivative isn't finite.
        ValueError: no eigenvalue converges.
    """
    size, theta, parts = objective.size, objective.theta, objective.layers
    here = objective.loss()
    if not np.isfinite(here):
        raise NotFiniteError("The loss isn't finite here, so it has no curvature.")
    g, product = objective.gradient(), objective.product
    high = extreme(product, size, n_high, largest=True)
    progress(0.15)
    low = extreme(product, size, n_low, largest=False)
    progress(0.35)
    of_layers = blocks(product, parts)
    progress(0.5)
    spectrum = density(product, size, N_VECTORS, N_STEPS)
    progress(0.6)
    vectors = np.concatenate([high.vectors, low.vectors], axis=1)
    values, slopes = np.concatenate([high.values, low.values]), g @ vectors
    best: list[BestStep] = []
    for v, slope in zip(vectors.T, slopes, strict=True):
        best.append(best_step(objective.loss, theta, v, float(slope)))
        progress(0.6 + 0.25 * len(best) / len(values))
    ends = (0, len(values) - 1)
    lines = [
        [
            (line.exact, line.quadratic)
            for reach in RANGES
            for line in [
                along(
                    objective.loss, theta, vectors[:, end], float(values[end]), float(slopes[end]),
                    np.linspace(-reach, reach, N_ALONG),
                )
            ]
        ]
        for end in ends
    ]  # fmt: skip
    progress(0.95)
    across, up = (_reach(best[end].alpha * slopes[end], here, values[end]) for end in ends)
    return Curvature(
        loss=here,
        gradient=float(np.linalg.norm(g)),
        size=size,
        n_high=len(high.values),
        values=values,
        slopes=slopes,
        alphas=np.array([one.alpha for one in best]),
        changes=np.array([one.change for one in best]),
        residuals=np.concatenate([high.residuals, low.residuals]),
        shares=np.array([list(shares(vectors[:, end], parts).values()) for end in ends]),
        blocks=np.array([(one.largest, one.smallest) for one in of_layers]),
        nodes=spectrum.nodes,
        weights=spectrum.weights,
        trace=np.array([spectrum.trace, spectrum.trace_error]),
        lines=np.array(lines),
        surface=surface(objective.loss, theta, vectors[:, 0], vectors[:, -1], (across, up), N_SURFACE),
        reach=np.array([across, up]),
        n_products=np.array([high.n_products, low.n_products], np.float64),
    )


def check_gradient(objective: Objective) -> None:
    """Refuse a loss that holds parts of itself fixed where its gradient is taken, so that H isn't that of the loss.

    Args:
        objective: in double precision; a few examples are enough.

    Raises:
        NotFiniteError: as `measure`.
        ValueError: it does so.
    """
    theta = objective.theta
    v = np.random.default_rng(0).normal(size=objective.size)
    v *= STEP / np.linalg.norm(v)
    product = objective.product(v)
    gradients = []
    for sign in (1.0, -1.0):
        objective.move(theta + sign * v)
        gradients.append(objective.gradient())
    objective.move(theta)
    apart = (gradients[0] - gradients[1]) / 2 - product
    if np.linalg.norm(apart) > DIFFERENT * np.linalg.norm(product):
        raise ValueError(
            "This training holds parts of its loss fixed while it follows the gradient of the rest, so the loss that "
            "it lowers has no Hessian that could be measured."
        )


def to_arrays(found: Curvature) -> dict[str, Doubles]:
    """The numbers by name, to be stored."""
    return {name: np.asarray(value, np.float64) for name, value in vars(found).items()}


def from_arrays(arrays: Mapping[str, Doubles], layers: int) -> Curvature:
    """`to_arrays` undone.

    Raises:
        ValueError: they aren't of a network of so many layers.
    """
    k = len(arrays.get("values", ()))
    shapes = {
        **dict.fromkeys(("loss", "gradient", "size", "n_high"), ()),
        **dict.fromkeys(("values", "slopes", "alphas", "changes", "residuals"), (k,)),
        **dict.fromkeys(("trace", "reach", "n_products"), (2,)),
        **dict.fromkeys(("nodes", "weights"), arrays["nodes"].shape[:1] if "nodes" in arrays else ()),
        "shares": (2, layers),
        "blocks": (layers, 2),
        "lines": (2, len(RANGES), 2, N_ALONG),
        "surface": (N_SURFACE, N_SURFACE),
    }
    if k < 2 or {name: value.shape for name, value in arrays.items()} != shapes or not 0 < arrays["n_high"] < k:
        raise ValueError("The stored curvature is of another network.")
    numbers: dict[str, Any] = {name: int(arrays[name]) for name in ("size", "n_high")}
    numbers |= {name: float(arrays[name]) for name in ("loss", "gradient")}
    return Curvature(**{**arrays, **numbers})


def _reach(best: float, loss: float, value: float) -> float:
    """How far the surface goes: twice the best step, or as far as changes the parabola by a share of the loss."""
    return float(max(2 * abs(best), np.sqrt(2 * LOSS_SHARE * max(abs(loss), 1e-3) / max(abs(value), 1e-6))))
