"""VAE with a penalty on the total correlation of its code: independent dimensions, and nothing else that a β costs.

Kim & Mnih, Disentangling by Factorising (2018); Chen et al., Isolating Sources of Disentanglement (2018), whose weight
is 1 + γ. With q(z) = 1/N Σ_n q(z|x_n), the mean of the KL is what the code says of the example, what its dimensions
share (the total correlation, TC), and how far each is from the prior:

    E KL(q(z|x) ‖ p(z)) = I(x; z) + KL(q(z) ‖ Π_j q(z_j)) + Σ_j KL(q(z_j) ‖ p(z_j))
    loss = that of the VAE + progress · γ · TC                              TC is the second of the three

q(z) is estimated from the other examples of the batch, log 1/B Σ_b q(z|x_b). The weights of Chen et al. differ from
this by constants, which change no gradient; as a number TC is too small where the code says more than log B nats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from latentlab import distributions
from latentlab.data import Batch
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.base import Loss
from latentlab.models.parts.encoder_decoder import EncodingDecoding
from latentlab.models.vae.vae import VAE, drawn_from


class TCVAE(VAE):
    """A VAE whose objective has the total correlation of the code."""

    name = "tcvae"
    title = "VAE with a total correlation penalty"
    units: ClassVar[dict[str, str]] = VAE.units | {"total correlation": "nats"}

    config: Config

    @dataclass(frozen=True)
    class Config(EncodingDecoding):
        """The knobs of such a VAE."""

        gamma: float = knob(5.0, 0.0, 100.0, help="weight of the total correlation, beyond that in the KL")

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are those of the VAE, and the total correlation at each draw."""
        x = self.binarise(batch.x, rng)
        q_z = self.posterior(x)
        codes = drawn_from(q_z, self.config.samples, rng)
        plain = self.objective(x, codes, progress)
        correlation = torch.stack([checkpoint(_correlation, z, *q_z, use_reentrant=False) for z in codes.z]).mean(0)
        value = plain.value + progress * self.config.gamma * correlation
        yield replace(plain, value=value, terms={**plain.terms, "total correlation": correlation})


def total_correlation(z: Tensor, q: Gaussian) -> Tensor:
    """(B, D) draws of B posteriors -> (B,): log q(z) - Σ_j log q(z_j), with q(z) the mixture of these posteriors."""
    log_q = distributions.normal_log_prob(z[:, None], q.mean, q.log_std)  # (draw, posterior, D)
    n = math.log(len(z))
    together = log_q.sum(-1).logsumexp(1) - n
    return together - (log_q.logsumexp(1) - n).sum(-1)


def _correlation(z: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Computed again for the gradient, so that no B × B × D numbers are kept for it."""
    return total_correlation(z, Gaussian(mean, log_std))
