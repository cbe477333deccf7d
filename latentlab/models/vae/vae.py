"""Variational autoencoder: MLP or convolutional, five likelihoods, ELBO or importance-weighted objective.

Kingma & Welling (2014), with β of Higgins et al. (2017), KL warm-up of Bowman et al. (2016) and Sønderby et al. (2016),
the continuous Bernoulli of Loaiza-Ganem & Cunningham (2019) and the K-sample bound of Burda et al. (2016):

    loss = -E_q[log p(x|z)] + progress · β · KL(q(z|x) ‖ p(z))         K = 1
    loss = -log 1/K Σ_k p(x|z_k) [p(z_k) / q(z_k|x)]^(progress · β)    K > 1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from latentlab import distributions
from latentlab.data import Batch, Spec
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.abilities import HasLikelihood
from latentlab.models.base import Loss
from latentlab.models.parts.gaussian_vae import GaussianVAE
from latentlab.models.parts.likelihood import Likelihood, likelihood_knob, std_knob, threshold_knob
from latentlab.nn.layers import Autoencoding, decoder, encoder


class VAE(GaussianVAE, HasLikelihood):
    """Gaussian posterior, standard normal prior, a likelihood of your choice."""

    name = "vae"
    title = "Variational autoencoder"
    units: ClassVar[dict[str, str]] = {"bound": "nats", "reconstruction": "nats", "kl": "nats"}

    @dataclass(frozen=True)
    class Config(Autoencoding):
        """The knobs of a VAE."""

        likelihood: str = likelihood_knob("z")
        std: float = std_knob()
        threshold: float = threshold_knob()
        beta: float = knob(1.0, 0.0, 50.0, help="weight of the KL; 1 gives the evidence lower bound")
        samples: int = knob(1, 1, 64, log=True, help="importance samples K in the objective; 1 is the ELBO")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.likelihood = Likelihood(config.likelihood, config.std, config.threshold)
        self.encoder = encoder(config, spec.shape, 2 * config.z_dim)
        *rows, last = spec.shape
        self.decoder = decoder(config, (*rows, last * self.likelihood.outputs))

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the true bound (β = 1) and its two parts, in nats per example."""
        x = self.binarise(batch.x, rng)
        q_z, k = self.posterior(x), self.config.samples  # q(z|x)
        z = q_z.draw(rng, k)
        log_lik = self.log_likelihood(x.expand(k, *x.shape), z)  # (K, B): log p(x|z)
        kl = distributions.kl_to_standard_normal(*q_z).sum(-1)
        weight = progress * self.config.beta
        if k == 1:
            bound = log_lik[0] - kl
            value = weight * kl - log_lik[0]
        else:
            log_ratio = q_z.log_prior_ratio(z, sampled=True)  # p(z) / q(z|x)
            bound = distributions.log_mean_exp(log_lik + log_ratio, 0)
            value = -distributions.log_mean_exp(log_lik + weight * log_ratio, 0)
        yield Loss(value, {"bound": bound, "reconstruction": -log_lik.mean(0), "kl": kl})

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean, log_std of q(z|x), each (B, z_dim)."""
        mean, log_std = self.encoder(x).float().chunk(2, dim=1)
        return Gaussian(mean, log_std.clamp(-10, 5))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """(..., *shape), (..., z_dim) -> (...): log p(x|z) in nats, summed over the pixels."""
        return self.pixel_log_likelihood(x, z).flatten(z.dim() - 1).sum(-1)

    def pixel_log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """(..., *shape), (..., z_dim) -> (..., *shape): log p(x_i|z) of each pixel, in nats."""
        return self.likelihood.log_prob(x, self._network(z))

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z)."""
        return self.likelihood.mean(self._network(z))

    def observed(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): cut at one half for the Bernoulli likelihood, else as they are."""
        return self.likelihood.observed(x)

    def _network(self, z: Tensor) -> Tensor:
        """What the likelihood takes, in float32 under autocast too, for any number of leading dimensions."""
        out: Tensor = self.decoder(z.flatten(0, -2)).float()
        return out.reshape(*z.shape[:-1], *out.shape[1:])
