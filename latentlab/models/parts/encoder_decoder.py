"""What VAEs share whose encoder and decoder are an MLP or convolutional: networks, likelihood and objective (abstract).

    loss = -E_q[log p(x|z)] + w · KL(q(z|x) ‖ p(z))         K = 1
    loss = -log 1/K Σ_k p(x|z_k) [p(z_k) / q(z_k|x)]^w      K > 1

A warm-up moves the weight from another one to β, w = β_0 + progress · (β − β_0). With a capacity C (Burgess et al.,
Understanding disentangling in β-VAE, 2018) it moves what the KL of all examples is held at instead, from 0 to C:

    loss = -E_q[log p(x|z)] + β · |mean KL − progress · C|

A subclass says how codes are drawn: `draw_codes`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from latentlab import distributions
from latentlab.data import Batch, Spec
from latentlab.knobs import knob
from latentlab.models.abilities import HasLikelihood
from latentlab.models.base import Loss, Trains
from latentlab.models.parts.importance_weighted import Importance
from latentlab.models.parts.latent_prior import HasStandardPrior, SamplesPrior
from latentlab.models.parts.likelihood import Likelihood, likelihood_knob, std_knob, threshold_knob
from latentlab.nn.layers import Autoencoding, decoder, encoder


@dataclass(frozen=True)
class EncodingDecoding(Autoencoding):
    """The knobs of such a VAE."""

    likelihood: str = likelihood_knob("z")
    std: float = std_knob()
    threshold: float = threshold_knob()
    beta: float = knob(1.0, 0.0, 1_000.0, help="weight of the KL; 1 gives the evidence lower bound")
    samples: int = knob(1, 1, 64, log=True, help="importance samples K in the objective; 1 is the ELBO")
    capacity: float = knob(
        0.0, 0.0, 500.0, help="nats at which the KL is held, reached by the warm-up; 0: none", when=("samples", 1)
    )
    beta_start: float = knob(0.0, 0.0, 1_000.0, help="the KL's weight when a warm-up starts", when=("capacity", 0.0))


class Codes(NamedTuple):
    """K draws of q(z|x) for each of B examples.

    Attributes:
        z: (K, B, z_dim).
        log_ratio: (K, B) nats: log p(z) - log q(z|x).
        kl: (B,) nats: KL(q(z|x) ‖ p(z)), in closed form or by these draws.
    """

    z: Tensor
    log_ratio: Tensor
    kl: Tensor


class EncoderDecoder(Trains, SamplesPrior, HasStandardPrior, HasLikelihood, Importance):
    """Standard normal prior, a likelihood of your choice; a subclass says `draw_codes`."""

    units: ClassVar[dict[str, str]] = {"bound": "nats", "reconstruction": "nats", "kl": "nats"}

    config: EncodingDecoding

    def __init__(self, config: EncodingDecoding, spec: Spec, n_encoded: int) -> None:
        """With `n_encoded` outputs of the encoder."""
        super().__init__()
        self.config, self.spec, self.z_dim = config, spec, config.z_dim
        self.likelihood = Likelihood(config.likelihood, config.std, config.threshold)
        self.encoder = encoder(config, spec.shape, n_encoded)
        *rows, last = spec.shape
        self.decoder = decoder(config, (*rows, last * self.likelihood.outputs))

    @abstractmethod
    def draw_codes(self, x: Tensor, n: int, rng: torch.Generator) -> Codes:
        """(B, *shape) -> n draws of q(z|x)."""

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield the one loss; its terms are the true bound (β = 1) and its two parts, in nats per example."""
        x = self.binarise(batch.x, rng)
        yield self.objective(x, self.draw_codes(x, self.config.samples, rng), progress)

    def objective(self, x: Tensor, codes: Codes, progress: float) -> Loss:
        """(B, *shape) and K draws for each -> the loss and its terms."""
        log_lik = self.log_likelihood(x.expand(len(codes.z), *x.shape), codes.z)  # (K, B): log p(x|z)
        weight = self.kl_weight(progress)
        if len(codes.z) == 1:
            bound = log_lik[0] - codes.kl
            value = weight * self.beyond_capacity(codes.kl, progress) - log_lik[0]
        else:
            bound = distributions.log_mean_exp(log_lik + codes.log_ratio, 0)
            value = -distributions.log_mean_exp(log_lik + weight * codes.log_ratio, 0)
        return Loss(value, {"bound": bound, "reconstruction": -log_lik.mean(0), "kl": codes.kl})

    def kl_weight(self, progress: float) -> float:
        """β, to which a warm-up moves it where there is no capacity."""
        beta, start = self.config.beta, self.config.beta_start
        return beta if self._has_capacity else start + (beta - start) * progress

    def beyond_capacity(self, kl: Tensor, progress: float) -> Tensor:
        """(B,) -> (B,), whose mean is |mean KL − progress · C|; the KL itself where there is no capacity."""
        if not self._has_capacity:
            return kl
        beyond = kl - progress * self.config.capacity
        return beyond.mean().detach().sign() * beyond

    @property
    def _has_capacity(self) -> bool:
        return self.config.capacity > 0 and self.config.samples == 1

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B): log w(x, z_k) = log p(x|z) + log p(z) - log q(z|x) for n draws of q, in nats."""
        z, log_ratio, _ = self.draw_codes(x, n, rng)
        return self.log_likelihood(x.expand(n, *x.shape), z) + log_ratio

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
