"""Log densities, divergences and log-mean-exp. All in nats, elementwise: the caller sums over its event."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


def normal_log_prob(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """log N(x; mean, std²) = -½ [log 2π + 2 log std + ((x - mean) / std)²], elementwise."""
    return -0.5 * (LOG_2PI + 2 * log_std + ((x - mean) * torch.exp(-log_std)) ** 2)


def standard_normal_log_prob(x: Tensor) -> Tensor:
    """log N(x; 0, 1) = -½ [log 2π + x²], elementwise."""
    return -0.5 * (LOG_2PI + x**2)


def kl_to_standard_normal(mean: Tensor, log_std: Tensor) -> Tensor:
    """KL(N(mean, std²) ‖ N(0, 1)) = ½ (std² + mean² - 1) - log std, elementwise (Kingma & Welling 2014, app. B)."""
    return 0.5 * (torch.exp(2 * log_std) + mean**2 - 1) - log_std


def bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """x log p + (1 - x) log(1 - p) with p = sigmoid(logits), elementwise; x may be a gray level in [0, 1]."""
    return x * logits - F.softplus(logits)


def continuous_bernoulli_log_prob(x: Tensor, logits: Tensor) -> Tensor:
    """Bernoulli's formula with the constant that makes it a density on [0, 1] (Loaiza-Ganem & Cunningham 2019).

    log C(p) = log [2 artanh(1 - 2p) / (1 - 2p)], in the logit l: log [l / tanh(l / 2)], with the limit log 2 at l = 0.
    """
    near = logits.abs() < 1e-2  # log(l / tanh(l/2)) = log 2 + l²/12 - O(l⁴): below float32's resolution here
    safe = torch.where(near, torch.ones_like(logits), logits)
    log_norm = torch.where(near, math.log(2) + logits**2 / 12, torch.log(safe / torch.tanh(safe / 2)))
    return bernoulli_log_prob(x, logits) + log_norm


def continuous_bernoulli_mean(logits: Tensor) -> Tensor:
    """E[x] = p / (2p - 1) + 1 / (2 artanh(1 - 2p)); in the logit l: 1 / (1 - e⁻ˡ) - 1 / l, ½ at l = 0."""
    near = logits.abs() < 1e-1  # ½ + l/12 - l³/720 + O(l⁵)
    safe = torch.where(near, torch.ones_like(logits), logits)
    return torch.where(near, 0.5 + logits / 12 - logits**3 / 720, -1 / torch.expm1(-safe) - 1 / safe)


class Gaussian(NamedTuple):
    """N(mean, diag std²) over the last dimension, (..., D); what an inference network says of a latent variable."""

    mean: Tensor
    log_std: Tensor

    @classmethod
    def of(cls, out: Tensor) -> Gaussian:
        """From a network's 2 D outputs; log std is kept between -10 and 5, so that nothing overflows."""
        mean, log_std = out.chunk(2, dim=-1)
        return cls(mean, log_std.clamp(-10, 5))

    def draw(self, rng: torch.Generator, *n: int) -> Tensor:
        """(*n, ..., D): mean + std · eps, so that gradients reach mean and log std."""
        eps = torch.randn((*n, *self.mean.shape), generator=rng, device=self.mean.device, dtype=self.mean.dtype)
        return self.mean + self.log_std.exp() * eps

    def log_prob(self, x: Tensor) -> Tensor:
        """(..., D) -> (...) nats."""
        return normal_log_prob(x, self.mean, self.log_std).sum(-1)

    def log_prior_ratio(self, x: Tensor, sampled: bool) -> Tensor:
        """log N(x; 0, I) - log N(x; mean, std²) of draws x, or its mean -KL in closed form: (..., D) -> (...) nats.

        The mean has less noise; the ratio of each draw is what an importance weight is made of.
        """
        if sampled:
            return standard_normal_log_prob(x).sum(-1) - self.log_prob(x)
        return -kl_to_standard_normal(self.mean, self.log_std).sum(-1).expand(x.shape[:-1])


def gaussian_kl(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q ‖ p) = log (p.std / q.std) + ½ (q.std² + (q.mean - p.mean)²) / p.std² - ½, elementwise."""
    ratio = 2 * (q.log_std - p.log_std)
    apart = (q.mean - p.mean).square() * (-2 * p.log_std).exp()
    return 0.5 * (ratio.exp() + apart - 1 - ratio)


class Prior(Protocol):
    """A distribution of codes that needs no example."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, z_dim): draws, on the generator's device."""

    def log_prob(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B,) nats."""


def log_mean_exp(x: Tensor, dim: int) -> Tensor:
    """log (1/K Σ exp x), stable: what an importance-weighted bound averages with (Burda et al. 2016, eq. 8)."""
    return torch.logsumexp(x, dim) - math.log(x.shape[dim])
