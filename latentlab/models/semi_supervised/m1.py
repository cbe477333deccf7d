"""M1: a VAE that learns from every example, and a classifier of its code that learns from the labelled ones.

Kingma, Mohamed, Rezende & Welling, Semi-supervised Learning with Deep Generative Models (2014), §2.1. The classifier
doesn't move the VAE: no gradient reaches the code.

    loss = -E_q(z|x)[log p(x|z)] + progress · KL(q(z|x) ‖ p(z)) - E_q(z|x)[log q(y|z)]
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import UNLABELLED, Batch, LabelUse, Spec
from latentlab.distributions import Gaussian, log_mean_exp
from latentlab.models.abilities import Classifies
from latentlab.models.base import Loss
from latentlab.models.parts.conditional_vae import Dense
from latentlab.models.parts.gaussian_vae import GaussianVAE


class M1(GaussianVAE, Classifies):
    """Three networks: q(z|x), p(x|z), and q(y|z) on top."""

    name = "m1"
    title = "M1, a VAE with a classifier"
    units: ClassVar[dict[str, str]] = {"bound": "nats", "kl": "nats", "cross-entropy": "nats", "error": "fraction"}
    labels = LabelUse.OPTIONAL

    @dataclass(frozen=True)
    class Config(Dense):
        """The knobs of M1 and its classifier."""

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        if spec.n_classes < 2:
            raise ValueError("A model with a classifier needs data of at least two classes.")
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.likelihood = config.density(spec)
        self.q_z = config.network([config.reads(spec)], 2 * config.z_dim)
        self.p_x = config.network([config.z_dim], math.prod(spec.shape) * self.likelihood.outputs)
        self.q_y = config.network([config.z_dim], spec.n_classes)

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the true bound, the KL, and for a labelled example the classifier's
        cross-entropy and whether its most probable class is wrong.
        """
        x, known, n = self.binarise(batch.x, rng), batch.y != UNLABELLED, self.config.samples
        q_z = self.posterior(x)  # q(z|x)
        z = q_z.draw(rng, n)
        log_p_x = self.log_likelihood(x, z)  # p(x|z)
        log_ratio = q_z.log_prior_ratio(z, sampled=n > 1)  # p(z) / q(z|x)
        bound, value = (log_mean_exp(log_p_x + weight * log_ratio, 0) for weight in (1.0, progress))
        log_q_y = F.log_softmax(self.q_y(z.detach()), -1)  # q(y|z)
        log_q = log_q_y.gather(-1, batch.y.clamp(min=0).expand(n, -1)[..., None])[..., 0]
        cross_entropy = torch.where(known, -log_q.mean(0), 0.0)
        guess = log_mean_exp(log_q_y, 0) if self.training else self.classify(batch.x)  # evaluated without noise
        wrong = (guess.argmax(1) != batch.y).float()
        labelled = [term.masked_fill(~known, torch.nan) for term in (cross_entropy, wrong)]
        terms = dict(zip(self.units, [bound, -log_ratio.mean(0), *labelled], strict=True))
        yield Loss(cross_entropy - value, terms)

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean, log_std of q(z|x), each (B, z_dim)."""
        return Gaussian.of(self.q_z(x.flatten(1)))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """(..., *shape), (..., z_dim) -> (...): log p(x|z) in nats, summed over the values of x."""
        return self.likelihood.log_prob(x.flatten(-len(self.spec.shape)), self.p_x(z)).sum(-1)

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z)."""
        return self.likelihood.mean(self.p_x(z)).reshape(-1, *self.spec.shape)

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log q(y|z) at the mean of q(z|x)."""
        return F.log_softmax(self.q_y(self.encode(x)), -1)
