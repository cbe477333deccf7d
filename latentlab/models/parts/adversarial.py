"""The game of two players that all adversarial models play: a generator, and a discriminator that names its samples.

    max_D V = E_data[log D(x)] + E_p(z)[log(1 - D(G(z)))]      the generator minimises V, or maximises E log D(G(z))

Goodfellow et al., Generative Adversarial Nets (2014); R₁ = γ/2 |∇D|² on the data after Mescheder et al. (2018).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind
from latentlab.knobs import knob
from latentlab.models.abilities import Discriminates
from latentlab.models.base import Headline, Loss, Trains
from latentlab.models.parts.latent_prior import SamplesPrior
from latentlab.models.parts.players import Networks

MOST = 2_000  # examples, and samples, whose distances are taken


@dataclass(frozen=True)
class Playing(Networks):
    """The knobs of the game and of both networks."""

    steps: int = knob(1, 1, 10, help="steps of the discriminator for each of the generator")
    objective: str = knob(
        "non-saturating",
        choices=("non-saturating", "saturating"),
        help="the generator maximises log D(G(z)), or minimises log(1 - D(G(z))), whose gradient fades",
    )
    r1: float = knob(0.5, 0.0, 100.0, help="weight γ of the penalty on the discriminator's gradient at the data")
    beta1: float = knob(0.5, 0.0, 0.99, help="how much of its last steps Adam repeats; with 0.9 modes may be lost")


class Adversarial(Trains, SamplesPrior, Discriminates):
    """Two players, `discriminator` and `generator`; a model builds both and says how a code is decoded."""

    kinds = frozenset({Kind.PLANE, Kind.VECTOR, Kind.IMAGE})
    units: ClassVar[dict[str, str]] = {"value": "nats", "D of data": "probability", "D of samples": "probability"}
    set_units: ClassVar[dict[str, str]] = {"energy distance": "units of the data"}
    headline = Headline("energy distance")
    players = ("discriminator", "generator")
    largest_loss = 1e4  # nats: a game that is worth more has no way back

    config: Playing
    discriminator: nn.Module

    @property
    def adam_betas(self) -> tuple[float, float]:
        """The knob, and Adam's usual value (Radford et al. 2016)."""
        return self.config.beta1, 0.999

    def discriminate(self, batch: Batch, rng: torch.Generator) -> Iterator[Loss]:
        """Yield the discriminator's losses, the last with the terms V and the mean probabilities."""
        for k in range(self.config.steps):
            with torch.no_grad():
                fake = self.sample(len(batch.x), rng)
            penalty, of_data = self._penalised(batch.x)
            of_samples = self.logits(fake)
            value = F.logsigmoid(of_data) + F.logsigmoid(-of_samples)
            last = k == self.config.steps - 1
            probabilities = {"D of data": of_data.sigmoid(), "D of samples": of_samples.sigmoid()}
            yield Loss(penalty - value, {"value": value, **probabilities} if last else {}, "discriminator")

    def fooling(self, fake: Tensor) -> Tensor:
        """(B, *shape) -> (B,): what the generator minimises, for its samples."""
        logits = self.logits(fake)
        return F.logsigmoid(-logits) if self.config.objective == "saturating" else -F.logsigmoid(logits)

    def logits(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,): log D(x) - log(1 - D(x)), how sure the discriminator is that x is real."""
        out: Tensor = self.discriminator(x.flatten(1))
        return out.float()[:, 0]

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
