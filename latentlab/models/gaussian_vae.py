"""What every VAE with a diagonal Gaussian posterior shares: its bounds (abstract; `vae.py` implements it).

Kingma & Welling, Auto-Encoding Variational Bayes (2014); Burda, Grosse & Salakhutdinov, Importance Weighted
Autoencoders (2016). With z = mean(x) + std(x) · eps and log w(x, z) = log p(x|z) + log p(z) - log q(z|x):

    ELBO(x) = E_q[log p(x|z)] - KL(q(z|x) ‖ p(z))          the KL in closed form
    bound_K(x) = E[log 1/K Σ_k w(x, z_k)]  <=  log p(x)     tight as K grows; K = 1 is the ELBO
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from latentlab.densities import log_mean_exp, normal_log_prob, standard_normal_log_prob
from latentlab.models.base import Decodes, Encodes, Samples, Weighs

CHUNK = 2_000  # latent samples decoded at once: about 6 MB of MNIST logits


class GaussianVAE(Encodes, Decodes, Samples, Weighs):
    """p(z) = N(0, I), q(z|x) = N(mean, diag std²); a subclass says `posterior`, `decode`, `log_likelihood`."""

    @abstractmethod
    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, *shape) -> mean, log_std of q(z|x), each (B, z_dim)."""

    @abstractmethod
    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """(..., *shape), (..., z_dim) -> (...): log p(x|z) in nats, summed over the pixels."""

    @abstractmethod
    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """The data as the likelihood sees them: a fresh binary draw for Bernoulli, else unchanged."""

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the posterior mean."""
        return self.posterior(x)[0]

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): decoded draws from the prior."""
        return self.decode(torch.randn(n, self.z_dim, generator=rng, device=rng.device))

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B): log w(x, z_k) = log p(x|z) + log p(z) - log q(z|x) for n draws of q, in nats."""
        mean, log_std = self.posterior(x)
        eps = torch.randn((n, *mean.shape), generator=rng, device=mean.device)
        z = mean + log_std.exp() * eps
        log_q = normal_log_prob(z, mean, log_std).sum(-1)
        log_p = standard_normal_log_prob(z).sum(-1)
        return self.log_likelihood(x.expand(n, *x.shape), z) + log_p - log_q

    @torch.no_grad()
    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B,) nats: bound_n, in chunks of at most `CHUNK` decoded samples."""
        x = self.binarise(x, rng)
        per_chunk = max(1, CHUNK // n)
        draws = min(n, CHUNK)
        bounds = []
        for part in x.split(per_chunk):
            weights = [self.log_weights(part, min(draws, n - done), rng) for done in range(0, n, draws)]
            bounds.append(log_mean_exp(torch.cat(weights), 0))
        return torch.cat(bounds)
