"""The potential of two modes on a ring, on which families of variational posteriors are compared.

Rezende & Mohamed, Variational Inference with Normalizing Flows (2015), Tab. 1, the first potential, turned by a quarter
as in Maaløe et al. (2016), eq. 18, which has the sign reversed and z1 in the place of ‖z‖:

    p(z) = exp(-U(z)) / Z      U(z) = ½ ((‖z‖ - 2) / 0.4)² - log(exp(-½ ((z2 - 2) / 0.6)²) + exp(-½ ((z2 + 2) / 0.6)²))

log Z = 1.8775 nats by quadrature. What covers one of the two modes has a bound of at most log Z - log 2 = 1.1844.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from latentlab.data.builtin.synthetic import Density, mixture

RADIUS, ACROSS, ALONG = 2.0, 0.4, 0.6
EDGE = 4.0  # outside of [-EDGE, EDGE]² there is less than 1e-6 of the probability
N_NODES = 1_001  # of the quadrature, along a side
WIDTH, N_ROUNDS, N_CELLS = 0.2, 60, 96  # of the components, of the fit of their weights, and the places of that fit
LEAST = 1e-8  # weight of a component that is kept
MODES = ("upper mode", "lower mode")


def potential(z: Tensor) -> Tensor:
    """(..., 2) -> (...) nats: U(z)."""
    across = (z.square().sum(-1).clamp(min=1e-12).sqrt() - RADIUS) / ACROSS
    upper, lower = (z[..., 1] - RADIUS) / ALONG, (z[..., 1] + RADIUS) / ALONG
    return 0.5 * across.square() - torch.logaddexp(-0.5 * upper.square(), -0.5 * lower.square())


@functools.cache
def log_partition() -> float:
    """log Z in nats, by the trapezoidal rule over a square."""
    axis = torch.linspace(-2 * EDGE, 2 * EDGE, N_NODES, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    return float((-potential(z)).logsumexp(0)) + 2 * math.log(float(axis[1] - axis[0]))


def log_prob(z: Tensor) -> Tensor:
    """(..., 2) -> (...) nats: log p(z)."""
    return -potential(z) - log_partition()


@functools.cache
def two_modes() -> Density:
    """The density as a mixture of Gaussians on a grid: within 1e-5 in total variation, and 0.01 nats where it matters.

    As far apart as they are wide, their weights start equal and follow the multiplicative updates of Richardson (1972)
    and Lucy (1974), which raise the expected log-density in every round.
    """
    places = (torch.arange(N_CELLS, dtype=torch.float64) + 0.5) / N_CELLS * 2 * EDGE - EDGE
    n_side = int(EDGE / WIDTH) - 1
    centres = WIDTH * torch.arange(-n_side, n_side + 1, dtype=torch.float64)
    kernel = (-0.5 * ((places[:, None] - centres) / WIDTH).square()).exp()
    kernel = kernel / kernel.sum(0)
    wanted = (-potential(torch.stack(torch.meshgrid(places, places, indexing="ij"), -1))).exp()
    wanted = wanted / wanted.sum()
    weights = torch.full((len(centres), len(centres)), 1 / len(centres) ** 2, dtype=torch.float64)
    for _ in range(N_ROUNDS):
        weights = weights * (kernel.T @ (wanted / (kernel @ weights @ kernel.T)) @ kernel)
    means, weights = torch.cartesian_prod(centres, centres), weights.reshape(-1)
    kept = weights > LEAST
    return mixture(means[kept], WIDTH, weights[kept], (means[kept, 1] < 0).long(), MODES)
