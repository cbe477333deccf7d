"""What a model is, and what a model may be able to do.

A model is an `nn.Module` built from a config of knobs and the spec of the data, which yields its own losses. Its
abilities are the classes in its header: a page offers a run when the model's class has the ability that it needs.
What is random takes an explicit generator, so the same call in `eval()` mode gives the same answer.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from latentlab.data import Batch

# What `losses` does with the classes of a batch: doesn't look, needs each one, or learns from UNLABELLED examples too
Labels = Literal["unused", "needed", "welcome"]


class Spec(NamedTuple):
    """What a model must know of the data: the shape of one example and the number of classes."""

    shape: tuple[int, ...]
    n_classes: int


@dataclass(frozen=True)
class Loss:
    """What one player minimises. All tensors are (B,): one number for each example.

    Attributes:
        value: the objective, in nats per example unless the model says otherwise.
        terms: what is worth a curve, by name; the model's `units` say in what unit. NaN for an example that has no
            such term: an UNLABELLED one has no error.
        player: the submodule whose parameters this loss moves, or "model" for all of them.
    """

    value: Tensor
    terms: Mapping[str, Tensor]
    player: str = "model"


class Model(nn.Module, ABC):
    """A trainable model. The constructor only builds; `nn.initialise` draws the parameters."""

    name: ClassVar[str]
    Config: ClassVar[type[Any]]  # a frozen dataclass of knobs
    units: ClassVar[Mapping[str, str]]  # term -> unit; the first term is the headline
    labels: ClassVar[Labels] = "unused"

    spec: Spec

    @abstractmethod
    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield each player's loss on a batch, lazily: a later one sees the earlier one's step.

        Args:
            batch: B examples.
            rng: all randomness of the step, on the model's device.
            progress: 0 at the start of the warm-up, 1 from its end on; 1 gives the true objective.
        """

    @property
    def size(self) -> int:
        """The number of trainable parameters."""
        return sum(p.numel() for p in self.parameters())


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
        """(B, z_dim) -> (B, *shape): the mean of p(x|z), in [0, 1]."""


class Conditional(Model):
    """Has a code for an example beside its class, and an example for a code and a class.

    The code is what the class leaves open: with y fixed and z varied an example changes its style, with z fixed and
    y varied it changes its class. There are `spec.n_classes` classes; y is the index of one, never UNLABELLED.
    """

    z_dim: int

    @abstractmethod
    def encode(self, x: Tensor, y: Tensor) -> Tensor:
        """(B, *shape), (B,) int64 -> (B, z_dim): the style of an example of a known class; the mean of q(z|x, y)."""

    @abstractmethod
    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """(B, z_dim), (B,) int64 -> (B, *shape): the mean of p(x|y, z); in [0, 1] if the data are images."""


class Samples(Model):
    """Draws new examples."""

    @abstractmethod
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape): the means of p(x|z) for n draws of z from the prior (and of y, where there is one)."""


class Weighs(Model):
    """Says how probable an example is."""

    @abstractmethod
    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B,) nats: the importance-weighted lower bound on log p(x) from n samples."""


class Classifies(Model):
    """Names the class of an example."""

    @abstractmethod
    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities of the classes."""


class Auxiliary(Model):
    """Infers an auxiliary variable from an example before it infers anything else."""

    a_dim: int

    @abstractmethod
    def auxiliary(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, a_dim): the mean of q(a|x)."""


class Denoises(Model):
    """Says what a noisy example was. (denoise(x) - x) / sigma² estimates the score of the data blurred by sigma."""

    sigma: float

    @abstractmethod
    def denoise(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): r(x), not confined to [0, 1]; differentiable by x."""


class Walks(Model):
    """Has a Markov chain of its own over examples."""

    @abstractmethod
    def walk(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): one step of the chain from each example, drawn."""


ABILITIES: tuple[type[Model], ...] = (
    Encodes,
    Decodes,
    Conditional,
    Samples,
    Weighs,
    Classifies,
    Auxiliary,
    Denoises,
    Walks,
)


def about(model: type[Model]) -> str:
    """What a model is, in one line: the first of its file."""
    return (sys.modules[model.__module__].__doc__ or "").partition("\n")[0].rstrip(".")


def abilities(model: type[Model]) -> tuple[str, ...]:
    """The names of what a class of models can do, as a person reads them: ("encodes", "decodes")."""
    return tuple(ability.__name__.lower() for ability in ABILITIES if issubclass(model, ability))
