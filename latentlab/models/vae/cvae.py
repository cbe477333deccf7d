"""Conditional VAE: the class is given to encoder and decoder, so the code describes the style (Sohn et al. 2015).

p(x, y, z) = p(y) p(z) p(x|y, z)
loss = -L(x, y) = -E_q(z|x,y)[log p(x|y, z)] - log p(y) + progress · KL(q(z|x, y) ‖ p(z))      for n = 1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from latentlab.data import Batch, LabelUse, Spec
from latentlab.distributions import Gaussian, log_mean_exp
from latentlab.models.base import Loss
from latentlab.models.parts.conditional_vae import ConditionalVAE, Dense, Weights


class CVAE(ConditionalVAE):
    """Every example needs its class; there is no classifier."""

    name = "cvae"
    title = "Conditional VAE"
    units: ClassVar[dict[str, str]] = {"conditional bound": "nats", "kl": "nats"}
    labels = LabelUse.NEEDED

    @dataclass(frozen=True)
    class Config(Dense):
        """The knobs of a conditional VAE."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        self.config = config
        x, y, z = config.reads(spec), spec.n_classes, config.z_dim
        self.q_z = config.network([x, y], 2 * z)
        self.p_x = config.network([z, y], self.x_dim * self.likelihood.outputs)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the bound on log p(x|y), and the KL, in nats per example."""
        x, n = self.binarise(batch.x, rng).flatten(1), self.config.samples
        drawn = self.draw_weights(x, self.one_hot(batch.y)[None], n, rng)
        bound, value = (log_mean_exp(drawn.log_w(weight), 0)[0] for weight in (1.0, progress))
        yield Loss(-value, {"conditional bound": bound - self.log_p_y, "kl": -drawn.log_ratio.mean(0)[0]})

    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Weights:
        """log w(x, y, z) for n draws of z."""
        q_z = Gaussian.of(self.q_z(x, y))  # q(z|x, y)
        z = q_z.draw(rng, n)
        log_p_x = self.log_p_x(x, self.p_x(z, y))  # p(x|y, z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|x, y)
        return Weights(log_p_x + self.log_p_y, log_ratio, z)  # and p(y)

    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:
        """(B, *shape), (B,) -> mean, log_std of q(z|x, y), each (B, z_dim)."""
        return Gaussian.of(self.q_z(x.flatten(1), self.one_hot(y)))
