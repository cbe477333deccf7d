"""Families of variational posteriors that learn a density which is known up to a constant, without any data.

With log f(z) = log p(z) + log Z, such as -U(z) of a potential, every q has a bound on the constant:

    log Z >= E_q[log f(z) - log q(z)]                                       Gaussian, and planar flow (`nn.planar`)
    log Z >= E_q[log f(z) + log p(a|z) - log q(z|a) - log q(a)]             auxiliary variable (Maaløe et al. 2016)

What it falls short by is KL(q ‖ p), and of an auxiliary variable that of q(a, z) from p(z) p(a|z). The objective is
the bound with max(`LEAST`, progress) log f(z): a density that is flat at first lets q reach all of it. R restarts, each
with parameters of its own, are fitted at once.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Batch, Spec
from latentlab.distributions import Gaussian, standard_normal_log_prob
from latentlab.models.base import Loss, Trains
from latentlab.nn.initialise import Drawn
from latentlab.nn.planar import through

LogDensity = Callable[[Tensor], Tensor]  # (..., d) -> (...) nats, up to a constant

LEAST = 0.01  # weight of the density at the start of a warm-up


class Draws(NamedTuple):
    """Draws of q, of each restart.

    Attributes:
        z: (R, n, d).
        log_q: (R, n) nats: log q(z); with an auxiliary variable log q(z|a) + log q(a) - log p(a|z).
    """

    z: Tensor
    log_q: Tensor


class Family(Trains):
    """A family of densities q; a subclass says `draws`. The examples of a batch are only counted."""

    units: ClassVar[dict[str, str]] = {"bound": "nats"}

    def __init__(self, spec: Spec, log_density: LogDensity) -> None:
        super().__init__()
        self.spec, self.dim, self.log_density = spec, spec.shape[0], log_density

    @abstractmethod
    def draws(self, n: int, rng: torch.Generator) -> Draws:
        """N draws of q of each restart."""

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss: the sum over the restarts; its term is the mean of their true bounds, in nats."""
        z, log_q = self.draws(len(batch.x), rng)
        log_f = self.log_density(z)
        yield Loss((log_q - max(LEAST, progress) * log_f).sum(0), {"bound": (log_f - log_q).mean(0)})

    def log_weights(self, n: int, rng: torch.Generator) -> Tensor:
        """(R, n) nats: log w of draws of q, with E[w] = Z; their mean is the bound."""
        z, log_q = self.draws(n, rng)
        return self.log_density(z) - log_q


class FlowFamily(Family, Drawn):
    """A Gaussian of independent coordinates and K planar maps; of none it stays a Gaussian."""

    name = "flow_family"
    title = "Planar flow"

    @dataclass(frozen=True)
    class Config:
        """What it is made of, and how many restarts."""

        n_steps: int = 16
        restarts: int = 1

    def __init__(self, config: Config, spec: Spec, log_density: LogDensity) -> None:
        super().__init__(spec, log_density)
        self.config = config
        self.mean, self.log_std = (nn.Parameter(torch.zeros(config.restarts, 1, self.dim)) for _ in range(2))
        self.steps = nn.Parameter(torch.zeros(config.restarts, 1, config.n_steps, 2 * self.dim + 1))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:
        """A Gaussian of standard deviation 1 about a draw of N(0, I), and maps of U(-1/√d, 1/√d)."""
        self.mean.copy_(torch.randn(self.mean.shape, generator=rng))
        self.log_std.zero_()
        self.steps.copy_(torch.empty(self.steps.shape).uniform_(-1, 1, generator=rng) / math.sqrt(self.dim))

    def draws(self, n: int, rng: torch.Generator) -> Draws:
        """N draws of q of each restart."""
        q_0 = Gaussian(self.mean.expand(-1, n, -1), self.log_std.expand(-1, n, -1))
        z_0 = q_0.draw(rng)
        z, log_det = through(self.steps, z_0)
        return Draws(z, q_0.log_prob(z_0) - log_det)


class AuxiliaryFamily(Family):
    """q(a) = N(0, I), and networks for q(z|a) and p(a|z): q(z) is a mixture of infinitely many Gaussians."""

    name = "auxiliary_family"
    title = "Auxiliary variable"

    @dataclass(frozen=True)
    class Config:
        """What it is made of, and how many restarts."""

        a_dim: int = 4
        hidden: int = 20
        layers: int = 3
        restarts: int = 1

    def __init__(self, config: Config, spec: Spec, log_density: LogDensity) -> None:
        super().__init__(spec, log_density)
        self.config = config
        self.q_z = _Networks(config.a_dim, self.dim, config, std=1.0)  # means far apart for different a
        self.p_a = _Networks(self.dim, config.a_dim, config)

    def draws(self, n: int, rng: torch.Generator) -> Draws:
        """N draws of q(a) q(z|a) of each restart."""
        a = torch.randn(self.config.restarts, n, self.config.a_dim, generator=rng, device=rng.device)
        q_z = self.q_z(a)  # q(z|a)
        z = q_z.draw(rng)
        p_a = self.p_a(z)  # p(a|z)
        return Draws(z, q_z.log_prob(z) + standard_normal_log_prob(a).sum(-1) - p_a.log_prob(a))


class _Linear(nn.Module, Drawn):
    """R linear layers at once: (R, n, n_in) -> (R, n, n_out)."""

    def __init__(self, restarts: int, n_in: int, n_out: int, std: float = 0.0) -> None:
        """With weights drawn from N(0, std²) and biases 0; of no std as PyTorch draws a linear layer."""
        super().__init__()
        self.std = std
        self.weight = nn.Parameter(torch.zeros(restarts, n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(restarts, 1, n_out))

    @torch.no_grad()
    def draw(self, rng: torch.Generator) -> None:
        """Draw the parameters from `rng`."""
        if self.std:
            self.weight.copy_(self.std * torch.randn(self.weight.shape, generator=rng))
            self.bias.zero_()
            return
        bound = 1 / math.sqrt(self.weight.shape[1])
        for part in (self.weight, self.bias):
            part.copy_(torch.empty(part.shape).uniform_(-bound, bound, generator=rng))

    def forward(self, h: Tensor) -> Tensor:
        """(R, n, n_in) -> (R, n, n_out)."""
        return torch.baddbmm(self.bias, h, self.weight)


class _Networks(nn.Module):
    """R networks at once, (R, n, n_in) -> a Gaussian (R, n, n_out): rectified layers, and a map for each parameter."""

    def __init__(self, n_in: int, n_out: int, config: AuxiliaryFamily.Config, std: float = 0.0) -> None:
        super().__init__()
        sizes = [n_in, *[config.hidden] * config.layers]
        pairs = itertools.pairwise(sizes)
        self.hidden = nn.ModuleList(_Linear(config.restarts, *pair) for pair in pairs)
        self.mean = _Linear(config.restarts, config.hidden, n_out, std)
        self.log_std = _Linear(config.restarts, config.hidden, n_out)

    def forward(self, h: Tensor) -> Gaussian:
        """(R, n, n_in) -> mean and log std, each (R, n, n_out)."""
        for layer in self.hidden:
            h = F.relu(layer(h))
        return Gaussian(self.mean(h), self.log_std(h).clamp(-10, 5))
