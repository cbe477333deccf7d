"""The two-headed model: M2 without the edge from the class to the code (Zumer 2016, §6.1): two heads on one stem.

    p(x, y, z) = p(y) p(z) p(x|y, z)          q(y, z|x) = q(y|x) q(z|x)

The code doesn't know the class when it is inferred, so nothing keeps the class out of it. The objective is that of
`semi_supervised_vae.py`. The source trains with all labels and α = 1 (eq. 6.2), and finds fewer errors than of M2. Here
it needs a large α to come as far, as both heads share the stem: on the 8×8 digits with all labels (60 epochs, z_dim 32,
hidden 128, Gaussian likelihood of std 0.2, seeds 0 to 2) it errs in 30.2, 10.6 and 3.1 % of test examples for α = 0.1,
1 and 50, and M2 in 2.9, 2.9 and 3.0 %. The source's classifier has two ReLU layers, of n/5 and n/10 units, and a
sigmoid for each class; this one a softmax.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.models.parts.semi_supervised_vae import Inferred, SemiSupervised, SemiSupervisedVAE


class TwoHeaded(SemiSupervisedVAE):
    """Two networks: q(y|x) and q(z|x) share all but their last layer; p(x|y, z)."""

    name = "two_headed"
    title = "Two-headed model"

    @dataclass(frozen=True)
    class Config(SemiSupervised):
        """The knobs of the two-headed model."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        x, y, z = config.reads(spec), spec.n_classes, config.z_dim
        self.q_yz = config.network([x], y + 2 * z)
        self.p_x = config.network([z, y], self.x_dim * self.likelihood.outputs)

    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Inferred:
        """log w(x, y, z) for n draws of z, the same ones for each class."""
        log_q_y, q_z = self._heads(x)  # q(y|x) and q(z|x)
        z = q_z.draw(rng, n)[:, None]  # (n, 1, B, z_dim)
        log_p_x = self.log_p_x(x, self.p_x(z, y))  # p(x|y, z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|x)
        return Inferred(log_p_x + self.log_p_y, log_ratio.expand_as(log_p_x), z, log_q_y.T[None])  # and p(y)

    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:  # noqa: ARG002 the point of this model
        """(B, *shape), (B,) -> mean, log_std of q(z|x), each (B, z_dim), whatever the class."""
        return self._heads(x.flatten(1))[1]

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log q(y|x)."""
        return self._heads(x.flatten(1))[0]

    def _heads(self, x: Tensor) -> tuple[Tensor, Gaussian]:
        logits, code = self.q_yz(x).tensor_split([self.spec.n_classes], -1)
        return F.log_softmax(logits, -1), Gaussian.of(code)
