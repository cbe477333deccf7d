"""Probabilistic PCA: a linear decoder with Gaussian noise, fitted in closed form (Tipping & Bishop 1999).

    p(z) = N(0, I)        p(x|z) = N(W z + b, σ² I)        p(x) = N(b, C),  C = W Wᵀ + σ² I

The likelihood is highest at b = mean(x), σ² = the mean of the D - q smallest eigenvalues of the covariance and
W = U (Λ - σ² I)^½, with U and Λ the q largest eigenvalues and their eigenvectors: principal components, scaled. There
WᵀW is diagonal, so the posterior q(z|x) = p(z|x) = N(M⁻¹ Wᵀ (x - b), σ² M⁻¹), M = WᵀW + σ² I, is diagonal too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind, Spec
from latentlab.distributions import LOG_2PI, Gaussian
from latentlab.knobs import knob
from latentlab.models.abilities import Energy, HasPosterior, LogLikelihood
from latentlab.models.base import Fits, Headline, Progress
from latentlab.models.parts.latent_prior import HasStandardPrior, SamplesPrior
from latentlab.nn.initialise import Drawn

CHUNK = 4_096  # examples whose outer products are added up at once


class PPCA(Fits, HasPosterior, SamplesPrior, HasStandardPrior, LogLikelihood, Energy, Drawn):
    """`p_x` holds W and b, `log_std` is log σ."""

    name = "ppca"
    title = "Probabilistic PCA"
    units: ClassVar[dict[str, str]] = {"log-likelihood": "nats", "squared error": "per example"}
    headline = Headline("log-likelihood", higher_is_better=True)
    exact = True

    @dataclass(frozen=True)
    class Config:
        """The knobs of probabilistic PCA."""

        z_dim: int = knob(2, 1, 256, log=True, help="dimensions of the latent space: principal components")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.x_dim = math.prod(spec.shape)
        if not config.z_dim < self.x_dim:
            raise ValueError(
                f"An example has {self.x_dim} numbers, so there are at most {self.x_dim - 1} latent dimensions."
            )
        self.p_x = nn.Linear(config.z_dim, self.x_dim)
        self.log_std = nn.Parameter(torch.zeros(()))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:  # noqa: ARG002 nothing of it is random
        """σ = 1; W and b are drawn as those of any linear layer."""
        self.log_std.zero_()

    @torch.no_grad()
    def fit(self, data: Dataset, rng: torch.Generator) -> Iterator[Progress]:  # noqa: ARG002 nothing is random
        """Set W, b and σ to their maximum of the likelihood, in one step."""
        mean, values, vectors = _eigen(data)
        q = self.z_dim
        variance = float(values[q:].mean())
        if len(data) < 2 or not variance > 1e-10 * float(values[0]):
            raise ValueError(
                f"The examples lie in a space of at most {q} dimensions, so nothing is left for the noise: "
                "choose fewer latent dimensions."
            )
        self.p_x.weight.copy_(vectors[:, :q] * (values[:q] - variance).clamp(min=0).sqrt())
        self.p_x.bias.copy_(mean)
        self.log_std.fill_(0.5 * math.log(variance))
        parts = [self.terms(data.batch(index)) for index in torch.arange(len(data)).split(CHUNK)]
        terms = {name: torch.cat([part[name] for part in parts]).mean().item() for name in self.units}
        return iter([Progress(1, 1, terms)])

    def terms(self, batch: Batch) -> Mapping[str, Tensor]:
        """log p(x), and the squared error of the reconstruction from the posterior mean, each (B,)."""
        error = (self._mean(self.encode(batch.x)) - batch.x.flatten(1)).square().sum(1)
        return {"log-likelihood": -self.energy(batch.x) - self._log_normaliser(), "squared error": error}

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean and log std of p(z|x), each (B, z_dim); the marginals, where WᵀW isn't diagonal."""
        precision = self._m()
        mean = torch.linalg.solve(precision, self._projected(x).mT).mT
        variance = torch.linalg.inv(precision).diagonal() * (2 * self.log_std).exp()
        return Gaussian(mean, (0.5 * variance.log()).expand_as(mean))

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the posterior mean."""
        return self.posterior(x).mean

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): W z + b; of images what lies outside [0, 1] is cut off."""
        x = self._mean(z).reshape(-1, *self.spec.shape)
        return x.clamp(0, 1) if self.spec.kind is Kind.IMAGE else x

    @torch.no_grad()
    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:  # noqa: ARG002 it is exact
        """(B, *shape) -> (B,) nats: log N(x; b, W Wᵀ + σ² I), whatever n is."""
        return -self.energy(x) - self._log_normaliser()

    def energy(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,) nats: ½ (x - b)ᵀ C⁻¹ (x - b), by a system of q equations (Woodbury)."""
        centered, projected = x.flatten(1) - self.p_x.bias, self._projected(x)
        explained = (projected * torch.linalg.solve(self._m(), projected.mT).mT).sum(1)
        energy: Tensor = 0.5 * (centered.square().sum(1) - explained) * (-2 * self.log_std).exp()
        return energy

    def _log_normaliser(self) -> Tensor:
        """½ log |2π C|."""
        free = 2 * (self.x_dim - self.z_dim) * self.log_std
        log_det: Tensor = torch.linalg.slogdet(self._m()).logabsdet
        return 0.5 * (self.x_dim * LOG_2PI + free + log_det)

    def _m(self) -> Tensor:
        """(q, q): M = WᵀW + σ² I."""
        w = self.p_x.weight
        return w.mT @ w + (2 * self.log_std).exp() * torch.eye(self.z_dim, device=w.device)

    def _projected(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, q): Wᵀ (x - b)."""
        return (x.flatten(1) - self.p_x.bias) @ self.p_x.weight

    def _mean(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, D): W z + b."""
        out: Tensor = self.p_x(z)
        return out


def _eigen(data: Dataset) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (D,), eigenvalues (D,) from the largest on and eigenvectors (D, D) of the covariance, in float64."""
    parts = torch.arange(len(data), device=data.x.device).split(CHUNK)
    flat = [data.batch(index).x.flatten(1).double() for index in parts]
    mean = torch.stack([part.sum(0) for part in flat]).sum(0) / len(data)
    covariance = torch.stack([(part - mean).mT @ (part - mean) for part in flat]).sum(0) / len(data)
    values, vectors = torch.linalg.eigh(covariance)
    return mean, values.flip(0).clamp(min=0), vectors.flip(1)
