"""M2, the semi-supervised VAE: a latent class beside the code, and a classifier to infer it (Kingma et al. 2014).

    p(x, y, z) = p(y) p(z) p(x|y, z)          q(y, z|x) = q(y|x) q(z|x, y)

The objective is that of `semi_supervised_vae.py`; the classifier sees x only. The standard deviation of q(z|x, y)
depends on the class too; in the paper it depends on x alone. Each network has layers of one width, and the classifier a
softmax (Zumer 2016, §6.1, has narrower layers and a sigmoid for each class).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.models.parts.semi_supervised_vae import Inferred, SemiSupervised, SemiSupervisedVAE


class M2(SemiSupervisedVAE):
    """Three networks: q(y|x), q(z|x, y), p(x|y, z)."""

    name = "m2"
    title = "M2, the semi-supervised VAE"

    @dataclass(frozen=True)
    class Config(SemiSupervised):
        """The knobs of M2."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        x, y, z = config.reads(spec), spec.n_classes, config.z_dim
        self.q_y = config.network([x], y)
        self.q_z = config.network([x, y], 2 * z)
        self.p_x = config.network([z, y], self.x_dim * self.likelihood.outputs)

    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Inferred:
        """log w(x, y, z) for n draws of z."""
        log_q_y = F.log_softmax(self.q_y(x), -1)  # q(y|x)
        q_z = Gaussian.of(self.q_z(x, y))  # q(z|x, y)
        z = q_z.draw(rng, n)
        log_p_x = self.log_p_x(x, self.p_x(z, y))  # p(x|y, z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|x, y)
        return Inferred(log_p_x + self.log_p_y, log_ratio, z, log_q_y.T[None])  # and p(y)

    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:
        """(B, *shape), (B,) -> mean, log_std of q(z|x, y), each (B, z_dim)."""
        return Gaussian.of(self.q_z(x.flatten(1), self.one_hot(y)))

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log q(y|x)."""
        return F.log_softmax(self.q_y(x.flatten(1)), -1)
