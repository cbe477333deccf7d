"""The local geometry of the data from a denoiser at one point: curvature, tangent directions, dimension, mean and
covariance.

With r the optimal denoiser for noise σ and J = dr/dx (Alain 2018, eq. 3.9; Miyasawa 1961),

    Hessian of log q = (J - I) / σ²        mean of the clean example: r(x)        its covariance: σ² J

so J is symmetric with eigenvalues near 1 along the data and near 0 across them. The mean m of the data in a ball of
radius δ about x is near x + δ² / (d + 2) · score (Alain 2018, Theorem 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.jacobian import asymmetry, jacobian
from latentlab.analysis.score.field import Denoise, check_sigma

TANGENT = 0.5  # an eigenvalue of J above it counts as a direction along the data


@dataclass(frozen=True)
class LocalGeometry:
    """For each of N places in d dimensions."""

    hessian: Doubles  # (N, d, d) of the log density of the noisy data: (J - I) / σ², as symmetric as J is
    eigenvalues: Doubles  # (N, d) of the symmetric part of J, the largest first
    eigenvectors: Doubles  # (N, d, d) unit vectors in columns, in the same order
    dimension: NDArray[np.int64]  # (N,) eigenvalues above a half: directions along the data
    mean: Doubles  # (N, d) r(x)
    covariance: Doubles  # (N, d, d) σ² times the symmetric part of J
    asymmetry: Doubles  # (N,) |J - Jᵀ| / |J|


@dataclass(frozen=True)
class LocalMoments:
    """The data in a ball about a place."""

    mean: Doubles  # (d,); NaN if there are none
    covariance: Doubles  # (d, d); NaN if there are fewer than two
    n: int


def local_hessian(denoise: Denoise, sigma: float, x: Tensor) -> LocalGeometry:
    """(N, d) -> the geometry of the data about each place, from one Jacobian.

    Raises:
        FieldError: sigma isn't a positive number.
    """
    check_sigma(sigma)
    j = jacobian(denoise, x).detach().double()
    symmetric = (j + j.mT) / 2
    fine = symmetric.flatten(1).isfinite().all(1)
    values, vectors = torch.linalg.eigh(torch.where(fine[:, None, None], symmetric, 0.0))
    values = torch.where(fine[:, None], values, torch.nan).flip(1)
    with torch.no_grad():
        mean = denoise(x).double()
    eye = torch.eye(x.shape[1], dtype=torch.float64)
    parts = {
        "hessian": (j - eye) / sigma**2,
        "eigenvalues": values,
        "eigenvectors": vectors.flip(2),
        "dimension": (values > TANGENT).sum(1),
        "mean": mean,
        "covariance": sigma**2 * symmetric,
        "asymmetry": asymmetry(j),
    }
    return LocalGeometry(**{name: value.cpu().numpy() for name, value in parts.items()})


def local_moments(data: Tensor, at: Tensor, radius: float, weights: Tensor | None = None) -> LocalMoments:
    """Mean and covariance of the points (N, d) within `radius` of a place (d,), weighted if weights (N,) are given."""
    near = (data - at).norm(dim=1) <= radius
    x = data[near].double()
    w = torch.ones(len(x), dtype=torch.float64) if weights is None else weights[near].double()
    d, n = data.shape[1], len(x)
    if not n:
        return LocalMoments(np.full(d, np.nan), np.full((d, d), np.nan), 0)
    w = w / w.sum()
    mean = w @ x
    centred = x - mean
    covariance = (w[:, None] * centred).T @ centred if n > 1 else torch.full((d, d), torch.nan)
    return LocalMoments(mean.numpy(), covariance.numpy(), n)
