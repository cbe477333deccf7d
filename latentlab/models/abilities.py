"""What a model may be able to do. A page offers a run when the model's class has the ability that it needs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from latentlab.distributions import Gaussian, Prior
from latentlab.models.base import Derivative, Model
from latentlab.models.chains import Walks
from latentlab.models.features import HasFeatures, HasTrunk
from latentlab.models.one_by_one import Autoregressive, AutoregressiveGiven, AutoregressiveGivenCode
from latentlab.models.parts.corruption import Corruption, GaussianNoise


class Encodes(Model):
    """Has a code for an example."""

    z_dim: int

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): the code; for a VAE the mean of q(z|x)."""


class Decodes(Model):
    """Has an example for a code."""

    z_dim: int

    @abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape): the mean of p(x|z); in [0, 1] if the data are images."""


class EncodesGiven(Model):
    """Has a code for an example beside its class.

    The code is what the class leaves open: with y fixed and z varied an example changes its style, with z fixed and
    y varied it changes its class. There are `spec.n_classes` classes; y is the index of one, never UNLABELLED.
    """

    z_dim: int

    @abstractmethod
    def encode(self, x: Tensor, y: Tensor) -> Tensor:
        """(B, *shape), (B,) int64 -> (B, z_dim): the style of an example of a known class; the mean of q(z|x, y)."""


class DecodesGiven(Model):
    """Has an example for a code and a class."""

    z_dim: int

    @abstractmethod
    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """(B, z_dim), (B,) int64 -> (B, *shape): the mean of p(x|y, z), or with what is between held at its mean."""

    def sample_given(self, z: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(B, z_dim), (B,) int64 -> (B, *shape): as `decode`, with what lies between (y, z) and x drawn."""
        return self.decode(z, y)


class Conditional(EncodesGiven, DecodesGiven):
    """Has both: a code for an example beside its class, and an example for a code and a class."""


class HasPosterior(Encodes):
    """Has a distribution over codes for an example."""

    @abstractmethod
    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean and log std of q(z|x), each (B, z_dim)."""


class HasPosteriorGiven(EncodesGiven):
    """Has a distribution over codes for an example and its class."""

    @abstractmethod
    def posterior(self, x: Tensor, y: Tensor) -> Gaussian:
        """(B, *shape), (B,) int64 -> mean and log std of q(z|x, y), each (B, z_dim)."""


class HasPrior(Model):
    """Has a distribution over codes before any example is seen: N(0, I), or codes of several kinds side by side."""

    z_dim: int

    @property
    @abstractmethod
    def prior(self) -> Prior:
        """p(z)."""


class LatentLayer(NamedTuple):
    """One layer of a hierarchy of latent variables."""

    name: str
    dim: int


class InfersLatents(Model):
    """Says each of its latent variables of an example alone, by name: z, a, or z1 next to the data, z2 above it."""

    @property
    @abstractmethod
    def layers(self) -> tuple[LatentLayer, ...]:
        """From the one next to the data to the top; of a model that encodes the first is its code."""

    @abstractmethod
    def infer(self, x: Tensor, rng: torch.Generator | None = None) -> dict[str, Gaussian]:
        """(B, *shape) -> the distribution of every layer given x, by name, each (B, dim).

        Args:
            x: examples.
            rng: draws the layers that a distribution depends on; None takes their means. Of classes, the most probable.
        """


class Layered(InfersLatents):
    """Has several layers of latent variables, each of which depends on the one above, and an example for each alone."""

    @abstractmethod
    def generate(self, layer: str, z: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """(B, dim) -> (B, *shape): the mean of p(x|·), one layer held at z, those below drawn or (no `rng`) means."""

    @abstractmethod
    def unit_kl(self, x: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """(B, *shape) -> for every layer by name the KL of each unit from what the layer above expects, (B, dim) nats.

        Its mean over many examples, or many calls, is what the unit carries. One call stands for one draw of the
        layers; where no closed form is known it is log q - log p of that draw, which may be negative.
        """


class ClusterPredictions(NamedTuple):
    """Two predictions of an example's cluster, log-probabilities (B, K).

    Attributes:
        inferred: log q(y|z1, x), from below.
        through_top: log p(y|x), from the top layer that was inferred for every cluster: Σ_c q(c|z1, x) p(y|z2 of c).
    """

    inferred: Tensor
    through_top: Tensor


class InfersClusters(Layered):
    """Has a cluster between its top layer and the one below, which follows from the top layer; or a class."""

    n_clusters: int

    @abstractmethod
    def predictions(self, x: Tensor, rng: torch.Generator | None = None) -> ClusterPredictions:
        """(B, *shape) -> both predictions of the cluster, with the layers at their means, or drawn."""

    @abstractmethod
    def clusters_given(self, z: Tensor) -> Tensor:
        """(..., dim of the top layer) -> (..., K): log p(y|z)."""

    @abstractmethod
    def generate_given(self, z: Tensor, y: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """(B, dim of the top layer), (B,) -> (B, *shape): as `generate` from the top layer, in a given cluster."""


class HasLikelihood(Decodes):
    """Says how probable each value of an example is given a code."""

    @abstractmethod
    def observed(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): examples as the likelihood sees them, without a random draw."""

    @abstractmethod
    def pixel_log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """(..., *shape), (..., z_dim) -> (..., *shape): log p(x_i|z) of each value, in nats."""


class Samples(Model):
    """Draws new examples."""

    @abstractmethod
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): the means of p(x|·) for n draws of all latent variables, and of y where there is one."""


class Discriminates(Samples):
    """Has a discriminator, which says how sure it is that an example is one of the data and not one of its samples."""

    @abstractmethod
    def logits(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,): log D(x) - log(1 - D(x)), D(x) the probability that x is one of the data."""


class LogLikelihood(Model):
    """Says how probable an example is, exactly or by a lower bound."""

    exact: ClassVar[bool] = False  # True: log p(x) itself, whatever n is

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """(B, *shape) -> (B, *shape): what `log_prob` is of, drawn where the likelihood takes binary values of gray."""
        return x

    @abstractmethod
    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B,) nats: log p(x), or the importance-weighted lower bound on it from n samples."""


class Energy(Model):
    """Has an energy whose Boltzmann distribution it models."""

    @property
    def derivative(self) -> Derivative:
        """How the gradient of the energy by x is known."""
        return Derivative.EXACT

    @abstractmethod
    def energy(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,) nats: -log p(x) up to a constant; differentiable by x as `derivative` says."""


class Classifies(Model):
    """Names the class of an example."""

    @abstractmethod
    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities of the classes."""


class ClassDraws(NamedTuple):
    """Draws of a code for every class of B examples, and their weights.

    Attributes:
        z: (n, K, B, z_dim), or (n, 1, B, z_dim) where they are the same for every class.
        log_w: (n, K, B) nats: log p(x, y, z, …) - log q(z, …|x, y).
        log_q_y: (n, K, B) or (1, K, B): log-probabilities of the classes.
    """

    z: Tensor
    log_w: Tensor
    log_q_y: Tensor


class InfersClass(Classifies):
    """Infers a class and a code of an example together."""

    @abstractmethod
    def class_draws(self, x: Tensor, n: int, rng: torch.Generator) -> ClassDraws:
        """(B, *shape) -> n weighted draws of a code for every class."""


class Auxiliary(Model):
    """Infers an auxiliary variable from an example before it infers anything else."""

    a_dim: int

    @abstractmethod
    def auxiliary(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, a_dim): the mean of q(a|x)."""


class Denoises(Model):
    """Says what a noisy example was. (denoise(x) - x) / sigma² estimates the score of the data blurred by sigma."""

    sigma: float

    @property
    def no_score(self) -> str:
        """Why denoise(x) - x is a direction only, to end a sentence; empty where it is sigma² times the score."""
        return ""

    @property
    def corruption(self) -> Corruption:
        """What it undoes."""
        return GaussianNoise(self.sigma)

    @abstractmethod
    def denoise(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): r(x), not confined to [0, 1]; differentiable by x."""


ABILITIES: Mapping[str, type[Model]] = {
    "encodes": Encodes, "decodes": Decodes, "encodes given class": EncodesGiven, "decodes given class": DecodesGiven,
    "posterior": HasPosterior, "posterior given class": HasPosteriorGiven, "prior": HasPrior,
    "latent variables": InfersLatents, "latent layers": Layered, "infers clusters": InfersClusters,
    "samples": Samples, "discriminates": Discriminates,
    "log-likelihood": LogLikelihood, "likelihood": HasLikelihood, "energy": Energy,
    "autoregressive": Autoregressive, "autoregressive given class": AutoregressiveGiven,
    "autoregressive given code": AutoregressiveGivenCode, "classifies": Classifies, "features": HasFeatures,
    "trunk": HasTrunk, "infers class and code": InfersClass, "auxiliary variable": Auxiliary, "denoises": Denoises,
    "Markov chain": Walks,
}  # fmt: skip  # as a person reads them


def abilities(model: type[Model]) -> tuple[str, ...]:
    """The names of what a class of models can do, as a person reads them: ("encodes", "decodes")."""
    return tuple(name for name, ability in ABILITIES.items() if issubclass(model, ability))
