"""Generative adversarial network: a generator learns to fool a discriminator that learns to tell it from the data.

Goodfellow et al., Generative Adversarial Nets (2014). With D(x) the probability that x is real:

    max_D V = E_data[log D(x)] + E_p(z)[log(1 - D(G(z)))]      the generator minimises V, or maximises E log D(G(z))

At the best D = p_data / (p_data + p_G), V = -log 4 + 2 JSD(p_data ‖ p_G): -log 4 = -1.386 where the two agree. That V
is near it proves little (a discriminator that is too smooth gives it too), so the headline is the energy distance of
samples and held-out data (Székely & Rizzo 2013). R₁ = γ/2 |∇D|² on the data keeps the game stable (Mescheder et al.
2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.data import Batch, Spec
from latentlab.distributions import Prior
from latentlab.knobs import knob
from latentlab.models.base import Loss
from latentlab.models.parts.adversarial import Adversarial, Playing
from latentlab.models.parts.players import generator_of, reader_of
from latentlab.models.parts.priors import NAMED, prior_of


@dataclass(frozen=True)
class Coded:
    """The knobs of the code."""

    z_dim: int = knob(4, 1, 64, log=True, help="dimensions of the code that the generator starts from")
    prior: str = knob("normal", choices=tuple(NAMED), help="distribution of the code")


class GAN(Adversarial):
    """Two players, `discriminator` and `generator`; it decodes and doesn't encode."""

    name = "gan"
    title = "Generative adversarial network"

    config: Config

    @dataclass(frozen=True)
    class Config(Playing, Coded):
        """The knobs of a GAN."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.generator = generator_of(config, spec, config.z_dim)
        self.discriminator = reader_of(config, spec, 1)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the discriminator's losses, then the generator's; the terms are V and the mean probabilities."""
        yield from self.discriminate(batch, rng)
        yield Loss(self.fooling(self.sample(len(batch.x), rng)), {}, "generator")

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): G(z)."""
        out: Tensor = self.generator(z)
        return out.float().reshape(-1, *self.spec.shape)

    @property
    def prior(self) -> Prior:
        """p(z)."""
        return prior_of(self.config.prior, self.z_dim)
