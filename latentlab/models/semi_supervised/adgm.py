"""ADGM, the auxiliary deep generative model: M2 with an auxiliary variable (Maaløe et al. 2016).

    p(x, y, z, a) = p(y) p(z) p(x|y, z) p(a|z, y)          q(a, y, z|x) = q(a|x) q(y|a, x) q(z|a, y, x)

x doesn't depend on a: with a integrated out it is M2, with a richer posterior. The paper's eq. 24 has p(a|x, y, z), its
experiments p(a|z, y); `a_sees_x` chooses.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.parts.auxiliary_vae import AuxiliaryVAE, WithAuxiliary
from latentlab.models.parts.semi_supervised_vae import Inferred


class ADGM(AuxiliaryVAE):
    """Five networks: q(a|x), q(y|a, x), q(z|a, y, x), p(a|z, y), p(x|y, z)."""

    name = "adgm"
    title = "Auxiliary deep generative model"

    @dataclass(frozen=True)
    class Config(WithAuxiliary):
        """The knobs of an ADGM."""

        a_sees_x: bool = knob(False, help="p(a|x, y, z) instead of p(a|z, y)")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        x, y, z = config.reads(spec), spec.n_classes, config.z_dim
        self.a_sees_x = config.a_sees_x
        self.p_a = config.network([z, y, x] if config.a_sees_x else [z, y], 2 * config.a_dim)
        self.p_x = config.network([z, y], self.x_dim * self.likelihood.outputs)

    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Inferred:
        """log w(x, y, z, a) for n draws of a and z."""
        q_a = Gaussian.of(self.q_a(x))  # q(a|x)
        a = q_a.draw(rng, n)[:, None]  # (n, 1, B, a_dim)
        log_q_y = F.log_softmax(self.q_y(x, a), -1)  # q(y|a, x)
        q_z = Gaussian.of(self.q_z(x, a, y))  # q(z|a, y, x)
        z = q_z.draw(rng)
        p_a = Gaussian.of(self.p_a(z, y, x) if self.a_sees_x else self.p_a(z, y))  # p(a|z, y)
        log_p_x = self.log_p_x(x, self.p_x(z, y))  # p(x|y, z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|a, y, x)
        log_ratio = log_ratio + p_a.log_prob(a) - q_a.log_prob(a)  # p(a|z, y) / q(a|x)
        return Inferred(log_p_x + self.log_p_y, log_ratio, z, log_q_y[:, 0].mT)  # and p(y)
