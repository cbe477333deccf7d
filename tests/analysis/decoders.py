"""Decoders whose Jacobian is known, and the Jacobian by its definition."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Kind
from latentlab.models import Spec
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise

A = torch.randn(3, 6, generator=device.generator(0), dtype=torch.float64)
Z = torch.randn(20, 3, generator=device.generator(1), dtype=torch.float64)
Function = Callable[[Tensor], Tensor]


def linear(z: Tensor) -> Tensor:
    return (z @ A.to(z.dtype)).reshape(-1, 1, 2, 3)


def curved(z: Tensor) -> Tensor:
    return torch.tanh(z @ A) + 0.1 * (z @ A) ** 2


def volume(j: Tensor) -> float:
    """sqrt(det JᵀJ) of (P, L), the way that the formula says it."""
    return float(torch.linalg.det(j.T @ j).sqrt())


def differences(decode: Function, z: Tensor, step: float = 1e-5) -> Tensor:
    """(P, z_dim) the Jacobian at one place, by central differences."""
    rows = [(decode(z + step * e) - decode(z - step * e)).flatten() / (2 * step) for e in torch.eye(z.shape[1]).to(z)]
    return torch.stack(rows, 1)


def vae(network: str, z_dim: int = 3) -> VAE:
    model = VAE(VAE.Config(z_dim=z_dim, network=network, hidden=16, width=4), Spec((1, 8, 8), 10, Kind.IMAGE))
    initialise(model, device.generator(0))
    return model.double().eval()
