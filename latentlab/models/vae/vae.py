"""Variational autoencoder: MLP or convolutional, five likelihoods, ELBO or importance-weighted objective.

Kingma & Welling (2014), with β of Higgins et al. (2017), the capacity C of Burgess et al. (2018), KL warm-up of Bowman
et al. (2016) and Sønderby et al. (2016), the continuous Bernoulli of Loaiza-Ganem & Cunningham (2019) and the K-sample
bound of Burda et al. (2016):

    loss = -E_q[log p(x|z)] + w · KL(q(z|x) ‖ p(z))                    K = 1, w = β_0 + progress · (β − β_0)
    loss = -log 1/K Σ_k p(x|z_k) [p(z_k) / q(z_k|x)]^w                 K > 1
    loss = -E_q[log p(x|z)] + β · |KL(q(z|x) ‖ p(z)) − progress · C|   of means over the batch, with C > 0 and K = 1
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab import distributions
from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.models.abilities import HasPosterior
from latentlab.models.parts.encoder_decoder import Codes, EncoderDecoder, EncodingDecoding


class VAE(EncoderDecoder, HasPosterior):
    """Gaussian posterior, standard normal prior, a likelihood of your choice."""

    name = "vae"
    title = "Variational autoencoder"

    @dataclass(frozen=True)
    class Config(EncodingDecoding):
        """The knobs of a VAE."""

    def __init__(self, config: EncodingDecoding, spec: Spec) -> None:
        super().__init__(config, spec, 2 * config.z_dim)

    def draw_codes(self, x: Tensor, n: int, rng: torch.Generator) -> Codes:
        """(B, *shape) -> n draws of q(z|x), and its KL in closed form."""
        return drawn_from(self.posterior(x), n, rng)

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean, log_std of q(z|x), each (B, z_dim)."""
        mean, log_std = self.encoder(x).float().chunk(2, dim=1)
        return Gaussian(mean, log_std.clamp(-10, 5))

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the posterior mean."""
        return self.posterior(x).mean


def drawn_from(q_z: Gaussian, n: int, rng: torch.Generator) -> Codes:
    """n draws of posteriors, and their KL in closed form."""
    z = q_z.draw(rng, n)
    kl = distributions.kl_to_standard_normal(*q_z).sum(-1)
    return Codes(z, q_z.log_prior_ratio(z, sampled=True), kl)
