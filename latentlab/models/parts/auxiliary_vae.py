"""How the models with an auxiliary variable and a class infer (abstract; `adgm.py` and `sdgm.py` write their bounds).

Maaløe, Sønderby, Sønderby & Winther, Auxiliary Deep Generative Models (2016), eq. 7-9:

    q(a, y, z|x) = q(a|x) q(y|a, x) q(z|a, y, x)

A Gaussian a between x and the rest makes q(y|x) and q(z|x) mixtures: they can be of any shape. The objective is that of
`semi_supervised_vae.py`, with one draw of a for all classes. Where one answer is requested, a is its mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.abilities import Auxiliary, LatentLayer
from latentlab.models.parts.semi_supervised_vae import SemiSupervised, SemiSupervisedVAE


@dataclass(frozen=True)
class WithAuxiliary(SemiSupervised):
    """The knobs of a semi-supervised model with an auxiliary variable."""

    a_dim: int = knob(20, 1, 256, log=True, help="dimensions of the auxiliary variable")


class AuxiliaryVAE(SemiSupervisedVAE, Auxiliary):
    """The inference networks q(a|x), q(y|a, x), q(z|a, y, x); a subclass says `draw_weights` and `decode`."""

    def __init__(self, config: WithAuxiliary, spec: Spec) -> None:
        super().__init__(config, spec)
        x, y, z, a = config.reads(spec), spec.n_classes, config.z_dim, config.a_dim
        self.a_dim = a
        self.q_a = config.network([x], 2 * a)
        self.q_y = config.network([x, a], y)
        self.q_z = config.network([x, a, y], 2 * z)

    @property
    def layers(self) -> tuple[LatentLayer, ...]:
        """z and a."""
        return LatentLayer("z", self.z_dim), LatentLayer("a", self.a_dim)

    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> q(z|a, y, x) for the most probable class, and q(a|x)."""
        flat = x.flatten(1)
        q_a = Gaussian.of(self.q_a(flat))
        a = q_a.mean if rng is None else q_a.draw(rng)
        y = self.one_hot(self.q_y(flat, a).argmax(1))
        return {"z": Gaussian.of(self.q_z(flat, a, y)), "a": q_a}

    def auxiliary(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, a_dim): the mean of q(a|x)."""
        return Gaussian.of(self.q_a(x.flatten(1))).mean

    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:
        """(B, *shape), (B,) -> mean, log_std of q(z|a, y, x) at the mean of q(a|x), each (B, z_dim)."""
        return Gaussian.of(self.q_z(x.flatten(1), self.auxiliary(x), self.one_hot(y)))

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log q(y|a, x) at the mean of q(a|x)."""
        return F.log_softmax(self.q_y(x.flatten(1), self.auxiliary(x)), -1)
