"""What hierarchies of Gaussian latent variables are made of: networks that say a Gaussian, and their product."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.distributions import Gaussian
from latentlab.nn.batch_norm import BatchNorm

FLOOR = 1e-4  # of a variance


class Head(nn.Module):
    """(..., n) -> a Gaussian: mean and variance = softplus + `FLOOR`, each a linear map, normalised if wanted."""

    def __init__(self, n_in: int, dim: int, batch_norm: bool) -> None:
        super().__init__()
        self.mean, self.variance = _linear(n_in, dim, batch_norm), _linear(n_in, dim, batch_norm)

    def forward(self, h: Tensor) -> Gaussian:
        """(..., n) -> mean and log std, each (..., dim)."""
        variance = F.softplus(full(self.variance(h))) + FLOOR
        return Gaussian(full(self.mean(h)), 0.5 * variance.log())


def hidden_layers(n_in: int, width: int, batch_norm: bool) -> nn.Sequential:
    """Two layers with leaky rectifiers."""
    return nn.Sequential(
        *_linear(n_in, width, batch_norm), nn.LeakyReLU(0.1), *_linear(width, width, batch_norm), nn.LeakyReLU(0.1)
    )


def merge(one: Gaussian, other: Gaussian) -> Gaussian:
    """The normalised product of two Gaussians: precisions add up, means are averaged by them."""
    precisions = (-2 * one.log_std).exp(), (-2 * other.log_std).exp()
    total = precisions[0] + precisions[1]
    mean = (one.mean * precisions[0] + other.mean * precisions[1]) / total
    return Gaussian(mean, -0.5 * total.log())


def standard(like: Tensor) -> Gaussian:
    """N(0, I) of the same shape."""
    return Gaussian(torch.zeros_like(like), torch.zeros_like(like))


def full(h: Tensor) -> Tensor:
    """In float32 under autocast, else as it is."""
    return h.to(torch.promote_types(h.dtype, torch.float32))


def _linear(n_in: int, n_out: int, batch_norm: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, n_out), *([BatchNorm(n_out)] if batch_norm else []))
