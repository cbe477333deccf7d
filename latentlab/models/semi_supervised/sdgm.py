"""SDGM, the skip deep generative model: an ADGM whose x depends on the auxiliary variable too (Maaløe et al. 2016).

    p(x, y, z, a) = p(y) p(z) p(a|z, y) p(x|a, y, z)       q(a, y, z|x) = q(a|x) q(y|a, x) q(z|a, y, x)

Two layers of latent variables, with a skip from the upper one to x. (The eq. 25 of the paper prints p(a|x, y, z), which
would be a cycle.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.models.parts.auxiliary_vae import AuxiliaryVAE, WithAuxiliary
from latentlab.models.parts.semi_supervised_vae import Inferred
from latentlab.models.parts.two_steps import DecodesInTwoSteps


class SDGM(DecodesInTwoSteps, AuxiliaryVAE):
    """Five networks: q(a|x), q(y|a, x), q(z|a, y, x), p(a|z, y), p(x|a, y, z)."""

    name = "sdgm"
    title = "Skip deep generative model"
    between = "a"

    @dataclass(frozen=True)
    class Config(WithAuxiliary):
        """The knobs of an SDGM."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        y, z, a = spec.n_classes, config.z_dim, config.a_dim
        self.p_a = config.network([z, y], 2 * a)
        self.p_x = config.network([z, y, a], self.x_dim * self.likelihood.outputs)

    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Inferred:
        """log w(x, y, z, a) for n draws of a and z."""
        q_a = Gaussian.of(self.q_a(x))  # q(a|x)
        a = q_a.draw(rng, n)[:, None]  # (n, 1, B, a_dim)
        log_q_y = F.log_softmax(self.q_y(x, a), -1)  # q(y|a, x)
        q_z = Gaussian.of(self.q_z(x, a, y))  # q(z|a, y, x)
        z = q_z.draw(rng)
        p_a = Gaussian.of(self.p_a(z, y))  # p(a|z, y)
        log_p_x = self.log_p_x(x, self.p_x(z, y, a))  # p(x|a, y, z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|a, y, x)
        log_ratio = log_ratio + p_a.log_prob(a) - q_a.log_prob(a)  # p(a|z, y) / q(a|x)
        return Inferred(log_p_x + self.log_p_y, log_ratio, z, log_q_y[:, 0].mT)  # and p(y)

    def p_between(self, z: Tensor, y: Tensor) -> Gaussian:
        """(B, z_dim), (B,) -> p(a|z, y)."""
        return Gaussian.of(self.p_a(z, self.one_hot(y)))

    def decode_between(self, a: Tensor, z: Tensor, y: Tensor) -> Tensor:
        """(B, a_dim), (B, z_dim), (B,) -> (B, *shape): the mean of p(x|a, y, z)."""
        return self.mean(self.p_x(z, self.one_hot(y), a))
