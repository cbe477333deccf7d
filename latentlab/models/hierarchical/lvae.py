"""Ladder VAE of two layers, and the hierarchical VAE next to it: latent variables of latent variables.

Sønderby, Raiko, Maaløe, Sønderby & Winther, Ladder Variational Autoencoders (2016).

    p(x, z1, z2) = p(z2) p(z1|z2) p(x|z1)                    p(z2) = N(0, I)
    ladder       q(z2|x) q(z1|z2, x): what rises from x, N(μ̂1, v̂1), merged with what comes down, p(z1|z2) = N(μp, vp),
                 by precision: v1 = 1 / (1/v̂1 + 1/vp),  μ1 = v1 (μ̂1/v̂1 + μp/vp)
    bottom-up    q(z1|x) q(z2|z1): nothing comes down

    loss = -E_q[log p(x|z1)] + progress · (KL(q(z2|·) ‖ p(z2)) + E KL(q(z1|·) ‖ p(z1|z2)))

Bottom-up the KL of z1 depends on both draws, so there log q - log p of the draws stands for the KLs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, Spec
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.abilities import Decodes, Encodes, LatentLayer, Layered, Samples
from latentlab.models.base import Loss, Trains
from latentlab.models.parts.importance_weighted import Importance
from latentlab.models.parts.likelihood import Likelihood, likelihood_knob, std_knob, threshold_knob
from latentlab.nn.layers import BatchNorm

FLOOR = 1e-4  # of a variance


class Draw(NamedTuple):
    """One draw of both layers, with the distributions that it came from and those that it is compared with."""

    z1: Tensor  # (..., B, z1_dim)
    z2: Tensor  # (..., B, z2_dim)
    q_z1: Gaussian
    q_z2: Gaussian
    p_z1: Gaussian


class LVAE(Trains, Layered, Encodes, Decodes, Samples, Importance):
    """z1 is next to the data, z2 on top; its code is z1."""

    name = "lvae"
    title = "Ladder VAE"
    units: ClassVar[dict[str, str]] = {
        "bound": "nats", "reconstruction": "nats", "kl z1": "nats", "kl z2": "nats",
    }  # fmt: skip

    @dataclass(frozen=True)
    class Config:
        """The knobs of a ladder VAE."""

        z_dim: int = knob(16, 1, 256, log=True, help="dimensions of z1, next to the data")
        z2_dim: int = knob(8, 1, 256, log=True, help="dimensions of z2, on top")
        hidden: int = knob(256, 8, 4096, log=True, help="units of the layers next to the data; half as many above")
        inference: str = knob("ladder", choices=("ladder", "bottom-up"), help="merge what rises with what comes down")
        batch_norm: bool = knob(True, help="batch normalisation in all layers and in what the posteriors are made of")
        likelihood: str = likelihood_knob("z1")
        std: float = std_knob()
        threshold: float = threshold_knob()

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.likelihood = Likelihood(config.likelihood, config.std, config.threshold)
        self.likelihood.check(spec.kind)
        x, wide, norm = math.prod(spec.shape), config.hidden, config.batch_norm
        narrow = max(1, wide // 2)
        ladder = config.inference == "ladder"
        self.up1, self.q_z1 = _layers(x, wide, norm), Head(wide, config.z_dim, norm)
        self.up2 = _layers(wide if ladder else config.z_dim, narrow, norm)
        self.q_z2 = Head(narrow, config.z2_dim, norm)
        self.p_z1 = nn.Sequential(_layers(config.z2_dim, narrow, norm), Head(narrow, config.z_dim, norm))
        self.p_x = nn.Sequential(_layers(config.z_dim, wide, norm), nn.Linear(wide, x * self.likelihood.outputs))

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the ELBO, its parts, and the KL of each layer, in nats per example."""
        x = self.binarise(batch.x, rng)
        drawn = self._infer(x, rng)
        log_p_x = self._log_p_x(x, drawn.z1)
        kl1, kl2 = self._kl(drawn)
        terms = {"bound": log_p_x - kl1 - kl2, "reconstruction": -log_p_x, "kl z1": kl1, "kl z2": kl2}
        yield Loss(progress * (kl1 + kl2) - log_p_x, terms)

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z1 and z2."""
        return LatentLayer("z1", self.config.z_dim), LatentLayer("z2", self.config.z2_dim)

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> q of both layers; each given the mean of the other, or a draw of it."""
        drawn = self._infer(x, rng)
        return {"z1": drawn.q_z1, "z2": drawn.q_z2}

    def generate(self, layer: str, z: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """(B, dim) -> (B, *shape): the mean of p(x|z1), with z1 = z, or given z2 = z its mean or a draw of it."""
        if layer not in ("z1", "z2"):
            raise ValueError(f"There is no layer {layer!r}; there are z1 and z2.")
        if layer == "z2":
            below: Gaussian = self.p_z1(z)
            z = below.mean if rng is None else below.draw(rng)
        return self.likelihood.mean(self.p_x(z)).reshape(-1, *self.spec.shape)

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the mean of q(z1|x), given the mean of z2 where that comes down."""
        return self.infer(x)["z1"].mean

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z1)."""
        return self.generate("z1", z)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): the means of p(x|z1) for draws of z2 and of z1 given it."""
        return self.generate("z2", torch.randn(n, self.config.z2_dim, generator=rng, device=rng.device), rng)

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B) nats: log p(x, z1, z2) - log q(z1, z2|x) for n draws; never a KL in closed form."""
        weights = []
        for _ in range(n):
            drawn = self._infer(x, rng)
            weights.append(self._log_p_x(x, drawn.z1) - sum(_log_ratios(drawn)))
        return torch.stack(weights)

    def _infer(self, x: Tensor, rng: torch.Generator | None) -> Draw:
        """Both layers given x: drawn, or their means without a generator."""

        def taken(q: Gaussian) -> Tensor:
            return q.mean if rng is None else q.draw(rng)

        d1 = self.up1(x.flatten(1))
        rising = self.q_z1(d1)  # N(μ̂1, v̂1)
        if self.config.inference == "bottom-up":
            z1 = taken(rising)
            q_z2 = self.q_z2(self.up2(z1))  # q(z2|z1)
            z2 = taken(q_z2)
            return Draw(z1, z2, rising, q_z2, self.p_z1(z2))
        q_z2 = self.q_z2(self.up2(d1))  # q(z2|x)
        z2 = taken(q_z2)
        p_z1 = self.p_z1(z2)  # p(z1|z2)
        q_z1 = merge(rising, p_z1)  # q(z1|z2, x)
        return Draw(taken(q_z1), z2, q_z1, q_z2, p_z1)

    def _log_p_x(self, x: Tensor, z1: Tensor) -> Tensor:
        """(B, *shape), (B, z_dim) -> (B,): log p(x|z1) in nats."""
        return self.likelihood.log_prob(x.flatten(1), self.p_x(z1)).sum(-1)

    def _kl(self, drawn: Draw) -> tuple[Tensor, Tensor]:
        """The KL of each layer, (B,): in closed form given the draw above, or bottom-up log q - log p of the draws."""
        if self.config.inference == "bottom-up":
            return _log_ratios(drawn)
        return _kl(drawn.q_z1, drawn.p_z1), _kl(drawn.q_z2, _standard(drawn.z2))


class Head(nn.Module):
    """(B, n) -> a Gaussian: mean and variance = softplus + `FLOOR`, each a linear map, normalised if wanted."""

    def __init__(self, n_in: int, dim: int, batch_norm: bool) -> None:
        super().__init__()
        self.mean, self.variance = _linear(n_in, dim, batch_norm), _linear(n_in, dim, batch_norm)

    def forward(self, h: Tensor) -> Gaussian:
        """(B, n) -> mean and log std, each (B, dim)."""
        variance = F.softplus(self.variance(h).float()) + FLOOR
        return Gaussian(self.mean(h).float(), 0.5 * variance.log())


def merge(one: Gaussian, other: Gaussian) -> Gaussian:
    """The normalised product of two Gaussians: precisions add up, means are weighted by them."""
    precisions = (-2 * one.log_std).exp(), (-2 * other.log_std).exp()
    total = precisions[0] + precisions[1]
    mean = (one.mean * precisions[0] + other.mean * precisions[1]) / total
    return Gaussian(mean, -0.5 * total.log())


def _log_ratios(drawn: Draw) -> tuple[Tensor, Tensor]:
    """log q - log p of the draws of z1 and of z2, each (B,)."""
    of_z1 = drawn.q_z1.log_prob(drawn.z1) - drawn.p_z1.log_prob(drawn.z1)
    return of_z1, drawn.q_z2.log_prob(drawn.z2) - _standard(drawn.z2).log_prob(drawn.z2)


def _kl(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q ‖ p), summed over the last dimension, in nats."""
    ratio = 2 * (q.log_std - p.log_std)
    apart = (q.mean - p.mean).square() * (-2 * p.log_std).exp()
    return 0.5 * (ratio.exp() + apart - 1 - ratio).sum(-1)


def _standard(like: Tensor) -> Gaussian:
    return Gaussian(torch.zeros_like(like), torch.zeros_like(like))


def _linear(n_in: int, n_out: int, batch_norm: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, n_out), *([BatchNorm(n_out)] if batch_norm else []))


def _layers(n_in: int, width: int, batch_norm: bool) -> nn.Sequential:
    """Two layers with leaky rectifiers."""
    return nn.Sequential(
        *_linear(n_in, width, batch_norm), nn.LeakyReLU(0.1), *_linear(width, width, batch_norm), nn.LeakyReLU(0.1)
    )
