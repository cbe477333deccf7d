"""M1+M2, the stacked model: an M2 of the codes of an M1 (Kingma et al. 2014, §2.3).

    p(x, y, z, z1) = p(y) p(z) p(z1|y, z) p(x|z1)          q(z1, y, z|x) = q(z1|x) q(y|z1) q(z|z1, y)

The lower model is a VAE with the prior N(0, I) and learns as if alone: no gradient of the upper model reaches z1, as
end to end the upper code collapses (Maaløe et al. 2016, §2.4). The papers train one after the other; here both learn at
once, the upper one from codes that come to rest. Its objective is that of `semi_supervised_vae.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian, standard_normal_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import LatentLayer
from latentlab.models.parts.semi_supervised_vae import Inferred, SemiSupervised, SemiSupervisedVAE
from latentlab.models.parts.two_steps import DecodesInTwoSteps


class M1M2(DecodesInTwoSteps, SemiSupervisedVAE):
    """Five networks: q(z1|x), p(x|z1) below; q(y|z1), q(z|z1, y), p(z1|y, z) above."""

    name = "m1_m2"
    title = "M1+M2, the stacked model"
    between = "z1"

    @dataclass(frozen=True)
    class Config(SemiSupervised):
        """The knobs of M1+M2."""

        z1_dim: int = knob(50, 1, 256, log=True, help="dimensions of the lower code, which the upper model explains")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        x, y, z, z1 = config.reads(spec), spec.n_classes, config.z_dim, config.z1_dim
        self.z1_dim = z1
        self.q_z1 = config.network([x], 2 * z1)
        self.p_x = config.network([z1], self.x_dim * self.likelihood.outputs)
        self.q_y = config.network([z1], y)
        self.q_z = config.network([z1, y], 2 * z)
        self.p_z1 = config.network([z, y], 2 * z1)

    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Inferred:
        """log w(x, y, z, z1) for n draws of z1 and z."""
        q_z1 = Gaussian.of(self.q_z1(x))  # q(z1|x)
        z1 = q_z1.draw(rng, n)[:, None]  # (n, 1, B, z1_dim)
        log_p_x = self.log_p_x(x, self.p_x(z1))  # p(x|z1)
        log_ratio = q_z1.log_prior_ratio(z1, sampled=n > 1)  # N(z1; 0, I) / q(z1|x): the lower model's own

        z1 = z1.detach()  # the data of the upper model
        log_q_y = F.log_softmax(self.q_y(z1), -1)  # q(y|z1)
        q_z = Gaussian.of(self.q_z(z1, y))  # q(z|z1, y)
        z = q_z.draw(rng)
        p_z1 = Gaussian.of(self.p_z1(z, y))  # p(z1|y, z)
        gain = p_z1.log_prob(z1) - standard_normal_log_prob(z1).sum(-1)  # p(z1|y, z) / N(z1; 0, I)
        log_ratio = log_ratio + q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|z1, y)
        return Inferred(log_p_x + gain + self.log_p_y, log_ratio, z, log_q_y[:, 0].mT)  # and p(y)

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z1 and z."""
        return LatentLayer("z1", self.z1_dim), LatentLayer("z", self.z_dim)

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> q(z1|x), and q(z|z1, y) for the most probable class."""
        q_z1 = Gaussian.of(self.q_z1(x.flatten(1)))
        z1 = q_z1.mean if rng is None else q_z1.draw(rng)
        return {"z1": q_z1, "z": Gaussian.of(self.q_z(z1, self.one_hot(self.q_y(z1).argmax(1))))}

    def code(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z1_dim): the mean of q(z1|x)."""
        return Gaussian.of(self.q_z1(x.flatten(1))).mean

    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:
        """(B, *shape), (B,) -> mean, log_std of q(z|z1, y) at the mean of q(z1|x), each (B, z_dim)."""
        return Gaussian.of(self.q_z(self.code(x), self.one_hot(y)))

    def p_between(self, z: Tensor, y: Tensor) -> Gaussian:
        """(B, z_dim), (B,) -> p(z1|y, z)."""
        return Gaussian.of(self.p_z1(z, self.one_hot(y)))

    def decode_between(self, a: Tensor, z: Tensor, y: Tensor) -> Tensor:  # noqa: ARG002 z1 says it all
        """(B, z1_dim), (B, z_dim), (B,) -> (B, *shape): the mean of p(x|z1)."""
        return self.mean(self.p_x(a))

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log q(y|z1) at the mean of q(z1|x)."""
        return F.log_softmax(self.q_y(self.code(x)), -1)
