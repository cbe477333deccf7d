"""Autoencoder: a code through a bottleneck, trained on squared error (Hinton & Salakhutdinov 2006).

loss = Σ_pixels (x - decode(encode(x)))²
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from latentlab.data import Batch, Spec
from latentlab.models.abilities import Decodes, Encodes
from latentlab.models.base import Loss, Trains
from latentlab.nn.layers import Autoencoding, decoder, encoder


class AE(Trains, Encodes, Decodes):
    """Deterministic code, sigmoid output; the code has no prior, so there is nothing to sample from."""

    name = "ae"
    title = "Autoencoder"
    units: ClassVar[dict[str, str]] = {"squared error": "per image"}

    @dataclass(frozen=True)
    class Config(Autoencoding):
        """The knobs of an autoencoder."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.encoder = encoder(config, spec.shape, config.z_dim)
        self.decoder = decoder(config, spec.shape)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the squared error, summed over the pixels of each example."""
        error = (batch.x - self.decode(self.encode(batch.x))).square().flatten(1).sum(1)
        yield Loss(error, {"squared error": error})

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim)."""
        code: Tensor = self.encoder(x)
        return code.float()

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape) in [0, 1]."""
        out: Tensor = self.decoder(z)
        return out.float().sigmoid()
