"""A VAE with a diagonal Gaussian posterior and networks of any kind: its bounds (abstract; `m1.py` implements it).

Kingma & Welling, Auto-Encoding Variational Bayes (2014); Burda, Grosse & Salakhutdinov, Importance Weighted
Autoencoders (2016). With z = mean(x) + std(x) · eps and log w(x, z) = log p(x|z) + log p(z) - log q(z|x):

    ELBO(x) = E_q[log p(x|z)] - KL(q(z|x) ‖ p(z))          the KL in closed form
    bound_K(x) = E[log 1/K Σ_k w(x, z_k)]  <=  log p(x)     tight as K grows; K = 1 is the ELBO
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from latentlab.distributions import Gaussian
from latentlab.models.abilities import HasPosterior
from latentlab.models.base import Trains
from latentlab.models.parts.importance_weighted import Importance
from latentlab.models.parts.latent_prior import HasStandardPrior, SamplesPrior


class GaussianVAE(Trains, HasPosterior, SamplesPrior, HasStandardPrior, Importance):
    """p(z) = N(0, I), q(z|x) = N(mean, diag std²); a subclass says `posterior`, `decode`, `log_likelihood`."""

    @abstractmethod
    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean, log_std of q(z|x), each (B, z_dim)."""

    @abstractmethod
    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """(..., *shape), (..., z_dim) -> (...): log p(x|z) in nats, summed over the pixels."""

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the posterior mean."""
        return self.posterior(x)[0]

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B): log w(x, z_k) = log p(x|z) + log p(z) - log q(z|x) for n draws of q, in nats."""
        q_z = self.posterior(x)
        z = q_z.draw(rng, n)
        return self.log_likelihood(x.expand(n, *x.shape), z) + q_z.log_prior_ratio(z, sampled=True)
