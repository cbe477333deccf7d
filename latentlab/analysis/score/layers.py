"""What can lie behind the arrows of a field: each layer once, with its unit and how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Floats
from latentlab.analysis.score.denoiser import OnLattice
from latentlab.analysis.score.field import difference, lattice
from latentlab.analysis.score.fixed_points import basins

N_SMOOTH = 48  # places a side of a density, which is drawn smoothed
STEEPEST = 0.8, 60.0  # contours of an energy end at this quantile of it, or at so many nats
FAINTEST = 1e-6  # a score of less is drawn as that


@dataclass(frozen=True)
class LayerValues:
    """The numbers of a layer over the lattice of a box, row by row from the lowest y.

    Attributes:
        z: (n, n).
        high: where the colours end; None where the numbers say.
        low: where they begin.
    """

    z: NDArray[Any]
    high: float | None = None
    low: float = 0.0


@dataclass(frozen=True)
class FieldLayer:
    """A number of a field at each place.

    Attributes:
        name: no other layer has it.
        label: what the number is, with its unit.
        compute: from a denoiser over a lattice; the values may lie on a finer or a coarser one of the same box.
        needs_truth: it looks at the density of the data.
        needs_score: r(x) - x must be σ² times a score, not a direction only.
        is_density: it says where the data are dense, as a density or as an energy.
        is_diverging: 0 is in the middle of the colours.
        has_contours: it is a height.
        is_discrete: its numbers are indices.
    """

    name: str
    label: str
    compute: Callable[[OnLattice], LayerValues]
    needs_truth: bool = False
    needs_score: bool = False
    is_density: bool = False
    is_diverging: bool = False
    has_contours: bool = False
    is_discrete: bool = False


def _true_density(at: OnLattice) -> LayerValues:
    log_p = at.denoiser.truth.log_prob(lattice(at.box, N_SMOOTH)).reshape(N_SMOOTH, N_SMOOTH).numpy()
    return LayerValues(np.exp(log_p - log_p.max()))


def _true_energy(at: OnLattice) -> LayerValues:
    return LayerValues(at.true_energy, _high(at.true_energy))


def _path_energy(at: OnLattice) -> LayerValues:
    return LayerValues(at.path_energy, _high(at.true_energy))  # on the scale of the true one, to be compared


def _length(at: OnLattice) -> LayerValues:
    z = np.log10(np.maximum(at.field.length, FAINTEST))
    return LayerValues(z, low=float(np.nanmin(z)) if np.isfinite(z).any() else 0.0)


def _reconstruction_error(at: OnLattice) -> LayerValues:
    return LayerValues(at.denoiser.sigma**2 * at.field.length)


def _angle_error(at: OnLattice) -> LayerValues:
    return LayerValues(difference(at.field.score, at.true_score).angle, 90.0)


def _length_error(at: OnLattice) -> LayerValues:
    return LayerValues(difference(at.field.score, at.true_score).length, 1.0)


def _curl(at: OnLattice) -> LayerValues:
    return LayerValues(at.rotation)


def _basins(at: OnLattice) -> LayerValues:
    return LayerValues(basins(at.denoiser.denoise, at.box).attractor)


def _high(energy: Floats | Doubles) -> float:
    """The highest contour: beyond it the density is too low to be worth drawing."""
    share, most = STEEPEST
    return min(float(np.quantile(energy, share)), most)


TRUE_ENERGY = FieldLayer(
    "true energy", "true energy (nats)", _true_energy, needs_truth=True, is_density=True, has_contours=True
)  # fmt: skip
PATH_ENERGY = FieldLayer(
    "energy by path", "energy by path (nats)", _path_energy, needs_truth=True, needs_score=True, is_density=True,
    has_contours=True,
)  # fmt: skip
RECONSTRUCTION_ERROR = FieldLayer("reconstruction error", "|r(x) − x|", _reconstruction_error)
BASINS = FieldLayer("basins", "basins", _basins, is_discrete=True)  # takes seconds
LAYERS = {
    layer.name: layer
    for layer in (
        FieldLayer(
            "true density", "density of the noisy data, highest = 1", _true_density, needs_truth=True, is_density=True
        ),
        TRUE_ENERGY,
        PATH_ENERGY,
        FieldLayer("length of the score", "log₁₀ |score|", _length, needs_score=True),
        RECONSTRUCTION_ERROR,
        FieldLayer("angle error", "angle to the true score (°)", _angle_error, needs_truth=True),
        FieldLayer(
            "length error", "|score| / |true score| − 1", _length_error, needs_truth=True, needs_score=True,
            is_diverging=True,
        ),
        FieldLayer("curl", "curl of r: ∂r₂/∂x₁ − ∂r₁/∂x₂", _curl, is_diverging=True),
        BASINS,
    )
}  # fmt: skip
