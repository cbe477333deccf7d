"""AVAE, the auxiliary VAE: a VAE whose posterior is of any shape, by an auxiliary variable (Maaløe et al. 2016).

    p(x, z, a) = p(z) p(x|z) p(a|x, z)          q(a, z|x) = q(a|x) q(z|a, x)
    loss = -E_q[log p(x|z) + progress · (log p(z) - log q(z|a, x) + log p(a|x, z) - log q(a|x))]

With a integrated out p is that of the VAE; q(z|x) is a mixture of Gaussians. It knows no classes. Its ELBO need not be
higher than that of a VAE that is trained as long: a costs the KL divergence of q(a|z, x) from p(a|x, z).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from latentlab.data import Batch, Spec
from latentlab.distributions import Gaussian, log_mean_exp
from latentlab.knobs import knob
from latentlab.models.abilities import Auxiliary, Encodes, InfersLatents, LatentLayer
from latentlab.models.base import Loss, Trains
from latentlab.models.parts.conditional_vae import Dense
from latentlab.models.parts.importance_weighted import Importance
from latentlab.models.parts.latent_prior import HasStandardPrior, SamplesPrior


class AVAE(Trains, Encodes, SamplesPrior, HasStandardPrior, Auxiliary, InfersLatents, Importance):
    """Four networks: q(a|x), q(z|a, x), p(a|x, z), p(x|z)."""

    name = "avae"
    title = "Auxiliary VAE"
    units: ClassVar[dict[str, str]] = {"bound": "nats", "kl": "nats"}

    @dataclass(frozen=True)
    class Config(Dense):
        """The knobs of an AVAE."""

        a_dim: int = knob(20, 1, 256, log=True, help="dimensions of the auxiliary variable")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim, self.a_dim = config, spec, config.z_dim, config.a_dim
        self.likelihood = config.density(spec)
        x, z, a = config.reads(spec), config.z_dim, config.a_dim
        self.q_a = config.network([x], 2 * a)
        self.q_z = config.network([x, a], 2 * z)
        self.p_a = config.network([x, z], 2 * a)
        self.p_x = config.network([z], math.prod(spec.shape) * self.likelihood.outputs)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the true bound and the KL of both latent variables, in nats per example."""
        log_p_x, log_ratio = self._draw_weights(self.binarise(batch.x, rng), self.config.samples, rng)
        bound, value = (log_mean_exp(log_p_x + weight * log_ratio, 0) for weight in (1.0, progress))
        yield Loss(-value, {"bound": bound, "kl": -log_ratio.mean(0)})

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B) nats: log w(x, z_k, a_k)."""
        return torch.stack(self._draw_weights(x, max(n, 2), rng)).sum(0)[
            :n
        ]  # one draw's KL in closed form is no weight

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z and a."""
        return LatentLayer("z", self.z_dim), LatentLayer("a", self.a_dim)

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> q(z|a, x) and q(a|x)."""
        flat = x.flatten(1)
        q_a = Gaussian.of(self.q_a(flat))
        return {"z": Gaussian.of(self.q_z(flat, q_a.mean if rng is None else q_a.draw(rng))), "a": q_a}

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the mean of q(z|a, x) at the mean of q(a|x)."""
        return self.infer(x)["z"].mean

    def auxiliary(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, a_dim): the mean of q(a|x)."""
        return Gaussian.of(self.q_a(x.flatten(1))).mean

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z)."""
        return self.likelihood.mean(self.p_x(z)).reshape(-1, *self.spec.shape)

    def _draw_weights(self, x: Tensor, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """(B, *shape) -> log p(x|z) and the log ratio of the latent variables, each (n, B)."""
        x = x.flatten(1)
        q_a = Gaussian.of(self.q_a(x))  # q(a|x)
        a = q_a.draw(rng, n)
        q_z = Gaussian.of(self.q_z(x, a))  # q(z|a, x)
        z = q_z.draw(rng)
        p_a = Gaussian.of(self.p_a(x, z))  # p(a|x, z)
        log_p_x = self.likelihood.log_prob(x, self.p_x(z)).sum(-1)  # p(x|z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|a, x)
        return log_p_x, log_ratio + p_a.log_prob(a) - q_a.log_prob(a)  # p(a|x, z) / q(a|x)
