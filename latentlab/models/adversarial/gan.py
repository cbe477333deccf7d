"""Generative adversarial network: a generator learns to fool a discriminator that learns to tell it from the data.

Goodfellow et al., Generative Adversarial Nets (2014). With D(x) the probability that x is real:

    max_D V = E_data[log D(x)] + E_p(z)[log(1 - D(G(z)))]      the generator minimises V, or maximises E log D(G(z))

At the best D = p_data / (p_data + p_G), V = -log 4 + 2 JSD(p_data ‖ p_G): -log 4 = -1.386 where the two agree. That V
is near it proves little (a discriminator that is too smooth gives it too), so the headline is the energy distance of
samples and held-out data (Székely & Rizzo 2013). R₁ = γ/2 |∇D|² on the data keeps the game stable (Mescheder et al.
2018).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind, Spec
from latentlab.distributions import Prior
from latentlab.knobs import knob
from latentlab.models.base import Headline, Loss, Trains
from latentlab.models.parts.latent_prior import SamplesPrior
from latentlab.models.parts.priors import NAMED, prior_of

MOST = 2_000  # examples, and samples, whose distances are taken


class GAN(Trains, SamplesPrior):
    """Two players, `discriminator` and `generator`; it decodes and doesn't encode."""

    name = "gan"
    title = "Generative adversarial network"
    kinds = frozenset({Kind.PLANE, Kind.VECTOR})
    units: ClassVar[dict[str, str]] = {"value": "nats", "D of data": "probability", "D of samples": "probability"}
    set_units: ClassVar[dict[str, str]] = {"energy distance": "units of the data"}
    headline = Headline("energy distance")
    adam_betas = (0.5, 0.999)  # with 0.9 modes are lost

    @dataclass(frozen=True)
    class Config:
        """The knobs of a GAN."""

        z_dim: int = knob(4, 1, 64, log=True, help="dimensions of the code that the generator starts from")
        prior: str = knob("normal", choices=tuple(NAMED), help="distribution of the code")
        hidden: int = knob(128, 8, 1024, log=True, help="units in each hidden layer of both networks")
        layers: int = knob(2, 1, 6, help="hidden layers of both networks")
        steps: int = knob(1, 1, 10, help="steps of the discriminator for each of the generator")
        objective: str = knob(
            "non-saturating",
            choices=("non-saturating", "saturating"),
            help="the generator maximises log D(G(z)), or minimises log(1 - D(G(z))), whose gradient fades",
        )
        r1: float = knob(0.5, 0.0, 100.0, help="weight γ of the penalty on the discriminator's gradient at the data")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        d = math.prod(spec.shape)
        self.generator = _network([config.z_dim, *[config.hidden] * config.layers, d])
        self.discriminator = _network([d, *[config.hidden] * config.layers, 1])

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        """Yield the discriminator's losses, then the generator's; the terms are V and the mean probabilities."""
        n = len(batch.x)
        for k in range(self.config.steps):
            with torch.no_grad():
                fake = self.sample(n, rng)
            penalty, of_data = self._penalised(batch.x)
            of_samples = self.logits(fake)
            value = F.logsigmoid(of_data) + F.logsigmoid(-of_samples)
            last = k == self.config.steps - 1
            probabilities = {"D of data": of_data.sigmoid(), "D of samples": of_samples.sigmoid()}
            yield Loss(penalty - value, {"value": value, **probabilities} if last else {}, "discriminator")
        fooled = self.logits(self.decode(self.prior.sample(n, rng)))
        saturating = self.config.objective == "saturating"
        yield Loss(F.logsigmoid(-fooled) if saturating else -F.logsigmoid(fooled), {}, "generator")

    def logits(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,): log D(x) - log(1 - D(x)), how sure the discriminator is that x is real."""
        out: Tensor = self.discriminator(x.flatten(1))
        return out.float()[:, 0]

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): G(z)."""
        out: Tensor = self.generator(z)
        return out.float().reshape(-1, *self.spec.shape)

    @property
    def prior(self) -> Prior:
        """p(z)."""
        return prior_of(self.config.prior, self.z_dim)

    def set_metrics(self, data: Dataset, rng: torch.Generator) -> dict[str, float]:
        """The energy distance between at most `MOST` held-out examples and as many samples."""
        real = data[:MOST].batch().x.to(rng.device)
        return {"energy distance": energy_distance(real, self.sample(len(real), rng))}

    def _penalised(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The penalty of each example, (B,), and the logits of the data; no penalty where no gradient is recorded."""
        if not self.config.r1 or not torch.is_grad_enabled():
            logits = self.logits(x)
            return torch.zeros_like(logits), logits
        at = x.detach().requires_grad_()
        logits = self.logits(at)
        (slope,) = torch.autograd.grad(logits.sum(), at, create_graph=True)
        return 0.5 * self.config.r1 * slope.flatten(1).square().sum(1), logits


def energy_distance(x: Tensor, y: Tensor) -> float:
    """(N, *shape), (M, *shape) -> √(2 E|x - y| - E|x - x'| - E|y - y'|): 0 where two distributions agree."""
    a, b = x.flatten(1).double(), y.flatten(1).double()
    squared = 2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()
    return math.sqrt(max(0.0, squared.item()))


def _network(sizes: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])
