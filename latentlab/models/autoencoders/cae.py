"""Contractive autoencoder: a code with a small derivative by its example.

Rifai et al. (2011). With h(x) = sigmoid(W x + b) and tied weights,

    loss = l(x, r(x)) + σ² |dh/dx|²_F           |dh/dx|²_F = Σ_j (h_j (1 - h_j))² |W_j|²

    linear    r(x) = c + Wᵀ h(x)                l the squared error: fits data of any range
    sigmoid   r(x) = sigmoid(c + Wᵀ h(x))       l the cross-entropy -Σ x log r + (1 - x) log(1 - r): the source's

Its r(x) - x points to where the data are denser, as a denoising autoencoder's does, but its length is no score: the
penalty is on the code, not on the reconstruction (Alain 2018, §3.2; see `rcae`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Kind, Spec
from latentlab.distributions import bernoulli_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Denoises
from latentlab.models.base import Loss, Trains
from latentlab.nn.initialise import Drawn


class CAE(Trains, Denoises, Drawn):
    """One hidden layer, tied weights, the penalty in closed form."""

    name = "cae"
    title = "Contractive autoencoder"
    units: ClassVar[dict[str, str]] = {"squared error": "per example", "contraction": "|dh/dx|²"}

    @dataclass(frozen=True)
    class Config:
        """The knobs of a contractive autoencoder."""

        hidden: int = knob(512, 8, 4096, log=True, help="units in each hidden layer of the MLP")
        sigma: float = knob(0.1, 1e-3, 10.0, log=True, help="root of the penalty's weight; what noise is to a dae")
        output: str = knob(
            "linear",
            choices=("linear", "sigmoid"),
            help="r(x): linear in the code with a squared error, or of images its sigmoid with a cross-entropy",
        )

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if config.output == "sigmoid" and spec.kind is not Kind.IMAGE:
            raise ValueError("The sigmoid output is for intensities, and these data aren't images; use linear.")
        self.config, self.spec, self.sigma = config, spec, config.sigma
        n = math.prod(spec.shape)
        self.into = nn.Linear(n, config.hidden)
        self.c = nn.Parameter(torch.zeros(n))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:  # noqa: ARG002 nothing of it is random
        """The bias of the output at 0."""
        self.c.zero_()

    @property
    def no_score(self) -> str:
        """Why r(x) - x is a direction only."""
        return "its penalty is on the code, not on the reconstruction"

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the penalised error in units of σ²; the terms are the squared error and the penalty, unweighted."""
        h, x = self.code(batch.x), batch.x.flatten(1)
        error = (self.reconstruct(h) - x).square().sum(1)
        fit = error if self.config.output == "linear" else -bernoulli_log_prob(x, self._out(h)).sum(1)
        contraction = (h * (1 - h)).square() @ self.into.weight.square().sum(1)
        yield Loss(fit / self.sigma**2 + contraction, {"squared error": error, "contraction": contraction})

    def code(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, hidden) in (0, 1)."""
        return torch.sigmoid(self.into(x.flatten(1)).to(x.dtype))

    def reconstruct(self, h: Tensor) -> Tensor:
        """(B, hidden) -> (B, n)."""
        return self._out(h) if self.config.output == "linear" else self._out(h).sigmoid()

    def _out(self, h: Tensor) -> Tensor:
        """(B, hidden) -> (B, n)."""
        return self.c + h @ self.into.weight

    def denoise(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): r(x)."""
        return self.reconstruct(self.code(x)).reshape(x.shape)
