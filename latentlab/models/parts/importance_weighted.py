"""The importance-weighted bound on log p(x) of any model with importance weights for draws of its latent variables
(abstract).

Burda, Grosse & Salakhutdinov, Importance Weighted Autoencoders (2016), eq. 8:

    bound_K(x) = E[log 1/K Σ_k w_k(x)]  <=  log p(x)     tight as K grows; K = 1 is the ELBO
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from latentlab.distributions import log_mean_exp
from latentlab.models.abilities import LogLikelihood
from latentlab.models.parts.likelihood import Likelihood

CHUNK = 2_000  # latent samples decoded at once: about 6 MB of MNIST logits


class Importance(LogLikelihood):
    """Bounds log p(x) by averaging the weights of draws from q; a subclass says `log_weights`."""

    likelihood: Likelihood

    @abstractmethod
    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B) nats: log w_k(x), with E[w_k(x)] = p(x), for n draws of q."""

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """A fresh draw x ~ Bernoulli(gray level) for the Bernoulli likelihood, else the same at every look."""
        return self.likelihood.binarise(x, rng)

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
