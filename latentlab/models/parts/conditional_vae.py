"""What every VAE with a class beside its code shares (abstract; each model's file writes its own bound).

Kingma, Mohamed, Rezende & Welling, Semi-supervised Learning with Deep Generative Models (2014); Sohn, Lee & Yan (2015).
The classes are equally probable a priori, p(y) = 1/K. With log w(x, y) = log p(x, y, latents) - log q(latents|x, y):

    L(x, y) = E_q[log w(x, y)]                       <=  log p(x, y)   the labelled bound
    bound_n(x) = E_q[log 1/n Σ_k Σ_y w_k(x, y)]      <=  log p(x)      the exact sum over the classes

All networks are dense and take a class as a one-hot vector; only x of the inference networks may be read by a network
over time, and what decodes stays dense. Inside, a batch of draws has the shape (n, C, B): n draws,
C classes (1 where the class is known, else all K), B examples; networks broadcast over what they don't depend on.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.knobs import knob
from latentlab.models.abilities import Conditional, HasPosteriorGiven, Samples
from latentlab.models.base import Trains
from latentlab.models.parts.importance_weighted import Importance
from latentlab.models.parts.latent_prior import HasStandardPrior
from latentlab.models.parts.likelihood import Likelihood, likelihood_knob, std_knob, threshold_knob
from latentlab.nn.layers import OF_SEQUENCES, JointMLP
from latentlab.nn.sequences import Input, OverTime, filters_knob, state_knob


@dataclass(frozen=True)
class Dense:
    """The knobs of dense networks around latent variables, and of their objective."""

    z_dim: int = knob(5, 1, 256, log=True, help="dimensions of the latent space")
    hidden: int = knob(500, 8, 4096, log=True, help="units in each hidden layer of each network")
    layers: int = knob(2, 1, 6, help="hidden layers of each network")
    batch_norm: bool = knob(False, help="batch normalisation before each activation")
    likelihood: str = likelihood_knob("·")
    std: float = std_knob()
    threshold: float = threshold_knob()
    samples: int = knob(1, 1, 64, log=True, help="importance samples K in the objective; 1 is the ELBO")
    x_network: str = knob(
        "mlp", choices=("mlp", *OF_SEQUENCES), help="what reads x; over time, of windows of readings: conv1d, gru"
    )
    filters: int = filters_knob("x_network")
    state_dim: int = state_knob("x_network")

    def density(self, spec: Spec) -> Likelihood:
        """p(x|·) of the data.

        Raises:
            ValueError: it is one of pixels, and the data aren't images.
        """
        likelihood = Likelihood(self.likelihood, self.std, self.threshold)
        likelihood.check(spec.kind)
        return likelihood

    def reads(self, spec: Spec) -> Input:
        """x as an input of such a network."""
        if self.x_network == "mlp":
            return math.prod(spec.shape)
        return OverTime(spec.shape, self.x_network, self.filters, self.state_dim)

    def network(self, n_in: Sequence[Input], n_out: int) -> JointMLP:
        """A network of several inputs with these knobs."""
        return JointMLP(n_in, [self.hidden] * self.layers, n_out, self.batch_norm)


@dataclass(frozen=True)
class Weights:
    """Draws of the latent variables, and the two parts of their log w, each (n, C, B) in nats.

    Attributes:
        log_p: log p(x|·) + log p(y), what has its full weight from the start.
        log_ratio: log p - log q of the latent variables, which a warm-up multiplies by `progress`; minus the KL on
            average.
        z: (n, C, B, z_dim) the draws of z; (n, 1, B, z_dim) if they are the same for each class.
    """

    log_p: Tensor
    log_ratio: Tensor
    z: Tensor

    def log_w(self, progress: float = 1.0) -> Tensor:
        """(n, C, B): the log weights, or at `progress` < 1 their warmed-up version."""
        return self.log_p + progress * self.log_ratio


class ConditionalVAE(Trains, Conditional, HasPosteriorGiven, HasStandardPrior, Samples, Importance):
    """p(x, y, z) = p(y) p(z) p(x|y, z); a subclass builds `p_x`, and says `draw_weights` and `posterior`."""

    p_x: JointMLP

    def __init__(self, config: Dense, spec: Spec) -> None:
        super().__init__()
        if spec.n_classes < 2:
            raise ValueError("A model with a class beside its code needs data of at least two classes.")
        self.spec, self.z_dim = spec, config.z_dim
        self.x_dim = math.prod(spec.shape)
        self.likelihood = config.density(spec)
        self.log_p_y = -math.log(spec.n_classes)

    @abstractmethod
    def draw_weights(self, x: Tensor, y: Tensor, n: int, rng: torch.Generator) -> Weights:
        """Draw the latent variables n times and compute their weights.

        Args:
            x: (B, D), flat, as the likelihood sees it.
            y: one-hot, (1, B, K) for known classes or (K, 1, K) for all of them.
            n: draws; with one, a KL may stand for its sampled ratio.
            rng: the noise.
        """

    @abstractmethod
    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:
        """(B, *shape), (B,) -> mean, log_std of q(z|x, y), each (B, z_dim)."""

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """(B, z_dim), (B,) -> (B, *shape): the mean of p(x|y, z)."""
        return self.mean(self.p_x(z, self.one_hot(y)))

    def encode(self, x: Tensor, y: Tensor) -> Tensor:
        """(B, *shape), (B,) -> (B, z_dim): the posterior mean."""
        return self.posterior(x, y)[0]

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): the means of p(x|·) for draws of a class, a style, and what lies between them and x."""
        y = torch.randint(self.spec.n_classes, (n,), generator=rng, device=rng.device)
        return self.sample_given(self.prior.sample(n, rng), y, rng)

    def log_weights(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (n, B) nats: log Σ_y w_k(x, y)."""
        draws = max(n, 2)  # one draw's KL in closed form would be no weight
        return self.draw_weights(x.flatten(1), self.every_class(x.device), draws, rng).log_w().logsumexp(1)[:n]

    def log_p_x(self, x: Tensor, out: Tensor) -> Tensor:
        """(B, D), (n, C, B, outputs) -> (n, C, B): log p(x|·) of the decoder's output, summed over the values of x."""
        return self.likelihood.log_prob(x, out).sum(-1)

    def mean(self, out: Tensor) -> Tensor:
        """(B, outputs) -> (B, *shape): the mean of p(x|·) of the decoder's output."""
        return self.likelihood.mean(out).reshape(-1, *self.spec.shape)

    def one_hot(self, y: Tensor) -> Tensor:
        """(B,) -> (B, K) float32."""
        return F.one_hot(y, self.spec.n_classes).float()

    def every_class(self, where: torch.device) -> Tensor:
        """(K, 1, K): each class once, to be broadcast against a batch."""
        return torch.eye(self.spec.n_classes, device=where)[:, None]
