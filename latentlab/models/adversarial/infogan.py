"""InfoGAN: a GAN part of whose code can be read from each sample, by a network that learns to.

Chen et al., InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets
(2016). The code is (c, u, z): a category c of K, numbers u ~ U(-1, 1), and noise z ~ N(0, I) that no one has to read.
With Q(c|x) a categorical and Q(u|x) a Gaussian, a lower bound on what a sample says of the code is

    I(c, u; G(c, u, z)) ≥ L_I = E[log Q(c|x)] + log K + E[log Q(u|x)] + log 2 for each u        x = G(c, u, z)

    min_{G,Q} max_D  V - λ L_I

L_I of the category is at most log K, which it has where every sample says its category. Q learns whatever λ is: λ
scales what of it reaches G, so that with λ = 0 L_I says what a GAN's code happens to carry. Numbers have a weight of
their own, smaller since a density is soon read to many nats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, Spec
from latentlab.distributions import Gaussian, normal_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Encodes
from latentlab.models.base import Loss
from latentlab.models.parts.adversarial import Adversarial, Playing
from latentlab.models.parts.players import generator_of, reader_of
from latentlab.models.parts.priors import Independent, OneHot, StandardNormal, Uniform


@dataclass(frozen=True)
class Coded:
    """The knobs of the code."""

    categories: int = knob(10, 2, 100, help="values K of the categorical code")
    uniform: int = knob(0, 0, 10, help="codes that are uniform on [-1, 1]")
    noise: int = knob(4, 1, 64, log=True, help="dimensions of the noise, which no network reads from a sample")
    information: float = knob(1.0, 0.0, 100.0, help="weight λ of what is read of the category, for the generator")
    uniform_information: float = knob(0.1, 0.0, 100.0, help="weight of what is read of the uniform codes, for the same")


class InfoGAN(Adversarial, Encodes):
    """Two players: `discriminator`, and `generator`, which holds G and Q."""

    name = "infogan"
    title = "InfoGAN"
    units: ClassVar[dict[str, str]] = Adversarial.units | {
        "category information": "nats",
        "uniform information": "nats",
    }

    config: Config

    @dataclass(frozen=True)
    class Config(Playing, Coded):
        """The knobs of an InfoGAN."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.z_dim = config.categories + config.uniform + config.noise
        if config.uniform > math.prod(spec.shape):
            raise ValueError(
                f"{config.uniform} uniform codes can't be read from an example of {math.prod(spec.shape)} values: "
                "choose fewer."
            )
        n_read = config.categories + 2 * config.uniform
        self.generator = nn.ModuleDict(
            {"g": generator_of(config, spec, self.z_dim), "q": reader_of(config, spec, n_read)}
        )
        self.discriminator = reader_of(config, spec, 1)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the discriminator's losses, then that of G and Q; the terms are V, the mean probabilities and L_I."""
        yield from self.discriminate(batch, rng)
        code = self.prior.sample(len(batch.x), rng)
        fake = self.decode(code)
        of_category, of_uniform = self.information(code, _with_gradient(fake, self.config.information))
        if self.config.uniform:  # Q again: its own gradient has no weight
            of_uniform = self.information(code, _with_gradient(fake, self.config.uniform_information))[1]
        terms = {"category information": of_category, "uniform information": of_uniform}
        yield Loss(self.fooling(fake) - of_category - of_uniform, terms, "generator")

    def information(self, code: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, z_dim), (B, *shape) -> (B,), (B,): L_I of the category and of the uniform codes, in nats."""
        c, u, _ = code.split([self.config.categories, self.config.uniform, self.config.noise], 1)
        log_probs, q_u = self.inferred(x)
        of_category = (c * log_probs).sum(1) + math.log(self.config.categories)
        return of_category, (normal_log_prob(u, *q_u) + math.log(2)).sum(1)

    def inferred(self, x: Tensor) -> tuple[Tensor, Gaussian]:
        """(B, *shape) -> Q(c|x), log-probabilities (B, K), and mean and log std of Q(u|x)."""
        out: Tensor = self.generator["q"](x.flatten(1)).float()
        k, n = self.config.categories, self.config.uniform
        logits, mean, log_std = out.split([k, n, n], 1)
        return F.log_softmax(logits, 1), Gaussian(mean, log_std.clamp(-5, 2))

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the mean of Q; of the noise, of which Q says nothing, that of its prior, 0."""
        log_probs, q_u = self.inferred(x)
        noise = torch.zeros(len(x), self.config.noise, device=x.device)
        return torch.cat([log_probs.exp(), q_u.mean, noise], 1)

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): G of a category, uniform codes and noise, in this order."""
        out: Tensor = self.generator["g"](z)
        return out.float().reshape(-1, *self.spec.shape)

    @property
    def prior(self) -> Independent:
        """One of K categories, uniform codes, and noise, independent of each other."""
        uniform = [Uniform(self.config.uniform)] if self.config.uniform else []
        return Independent([OneHot(self.config.categories), *uniform, StandardNormal(self.config.noise)])


def _with_gradient(x: Tensor, weight: float) -> Tensor:
    """x itself, with a gradient that is `weight` times as large."""
    return weight * x + (1 - weight) * x.detach()
