"""Reconstruction-contracting autoencoder: a denoising autoencoder's limit of little noise, with no noise.

Alain & Bengio (2014); Alain (2018), eqs. 3.6 and 3.7. With r(x) = c + V tanh(b + W x) and its Jacobian
J = dr/dx = V diag(1 - tanh²) W,

    loss = |r(x) - x|² + σ² |J|²_F              its optimum: r(x) = x + σ² ∇ log p(x) + o(σ²)

|J|²_F = g (VᵀV ∘ W Wᵀ) gᵀ with g = 1 - tanh², or, with Hutchinson's (1990) estimate, the mean of |J u|² over
directions u of independent signs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import Denoises
from latentlab.models.base import Loss, Trains
from latentlab.nn.layers import Kinked, first_layer


class RCAE(Trains, Denoises):
    """One hidden layer, free weights; the penalty's σ takes the place of the noise's."""

    name = "rcae"
    title = "Reconstruction-contracting autoencoder"
    units: ClassVar[dict[str, str]] = {"squared error": "per example", "contraction": "|dr/dx|²"}

    @dataclass(frozen=True)
    class Config(Kinked):
        """The knobs of a reconstruction-contracting autoencoder."""

        sigma: float = knob(0.1, 1e-3, 10.0, log=True, help="root of the penalty's weight; what noise is to a dae")
        penalty: str = knob("exact", choices=("exact", "hutchinson"), help="the Jacobian's norm, or an estimate of it")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.sigma = config, spec, config.sigma
        n = math.prod(spec.shape)
        self.into, self.out = first_layer(config, n), nn.Linear(config.hidden, n)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the penalised error in units of σ²; the terms are its two parts, without the weight."""
        x = batch.x.flatten(1)
        h = torch.tanh(self.into(x).to(x.dtype))
        error = (self.out(h) - x).square().sum(1)
        contraction = self.contraction(h, rng)
        yield Loss(error / self.sigma**2 + contraction, {"squared error": error, "contraction": contraction})

    def contraction(self, h: Tensor, rng: torch.Generator) -> Tensor:
        """(B, hidden) -> (B,): |dr/dx|²_F, or an unbiased estimate of it from one direction."""
        w, v, g = self.into.weight, self.out.weight, 1 - h.square()
        if self.config.penalty == "hutchinson":
            u = torch.randint(0, 2, (len(h), w.shape[1]), generator=rng, device=h.device).to(h) * 2 - 1
            return ((g * (u @ w.T)) @ v.T).square().sum(1)
        return ((g @ ((v.T @ v) * (w @ w.T))) * g).sum(1)

    def denoise(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): r(x)."""
        out: Tensor = self.out(torch.tanh(self.into(x.flatten(1))))
        return out.to(x.dtype).reshape(x.shape)
