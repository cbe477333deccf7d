"""What a model is, and how it learns.

A model is an `nn.Module` built from a config of knobs and the spec of the data. It says how it learns by being one of
`Trains` (by gradients, one or several players) and `Fits` (closed form, EM, a library's solver), and what it can do by
the abilities in its header (`abilities.py`). What is random takes an explicit generator, so the same call in `eval()`
mode gives the same answer.
"""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from latentlab.data import Batch, Dataset, Kind, LabelUse, Sampler, Spec

LOSS = "loss"  # the name of the objective of a model with one player


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


class Headline(NamedTuple):
    """The one number that validation, early stopping and "best" look at.

    Attributes:
        term: `LOSS`, one of the model's `units`, or a name of its `set_metrics`.
        higher_is_better: in which direction a model improves.
    """

    term: str = LOSS
    higher_is_better: bool = False

    def improvement(self, metrics: Mapping[str, float]) -> float:
        """A number that falls as a model gets better: minus the term where higher is better."""
        return -metrics[self.term] if self.higher_is_better else metrics[self.term]


class Progress(NamedTuple):
    """How far a fit is: a step of so many, and what it reports on the training data, by name."""

    step: int
    n_steps: int
    terms: Mapping[str, float]


class Derivative(StrEnum):
    """How the gradient of a function is known."""

    EXACT = "exact"
    DIFFERENCES = "by differences"
    NONE = "none"


class Model(nn.Module, ABC):
    """A model. The constructor only builds; `nn.initialise` draws the parameters."""

    name: ClassVar[str]
    title: ClassVar[str]  # as a person reads it
    Config: ClassVar[type[Any]]  # a frozen dataclass of knobs
    units: ClassVar[Mapping[str, str]]  # term -> unit; the first is what a curve shows first
    set_units: ClassVar[Mapping[str, str]] = {}  # what `set_metrics` measures -> unit
    headline: ClassVar[Headline] = Headline()
    labels: ClassVar[LabelUse] = LabelUse.UNUSED
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)  # of data that it can learn

    spec: Spec

    @property
    def size(self) -> int:
        """The number of trainable parameters."""
        return sum(p.numel() for p in self.parameters())

    @classmethod
    def configured(cls, config: Any, n: int, n_labelled: int) -> Any:  # noqa: ARG003
        """The knobs for n training examples of which `n_labelled` have a label: those that follow from it filled in."""
        return config

    def set_metrics(self, data: Dataset, rng: torch.Generator) -> dict[str, float]:  # noqa: ARG002
        """Numbers that belong to a set of held-out examples and not to each: by the names in `set_units`."""
        return {}


class Trains(Model):
    """Learns by gradients: a step of each player on every batch."""

    players: ClassVar[tuple[str, ...]] = ("model",)  # whose losses it yields; several play a game
    sampler: ClassVar[Sampler | None] = None  # draws its batches; None: as suits its use of labels
    needs_factors: ClassVar[bool] = False  # whether that has to know what made the examples
    largest_loss: ClassVar[float] = math.inf  # the mean loss of a player beyond which a training has diverged

    @property
    def adam_betas(self) -> tuple[float, float]:
        """Of Adam's running means of the gradient and of its square."""
        return 0.9, 0.999

    def once(self, data: Dataset) -> Dataset:
        """What `losses` reads of examples in every epoch, where that can be computed once; by default themselves."""
        return data

    def standardise(self, data: Dataset) -> None:
        """Take from the training examples what others are standardised by, before the first step.

        Args:
            data: what `once` gave of them.
        """

    @abstractmethod
    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:
        """Yield each player's loss on a batch, lazily: a later one sees the earlier one's step.

        Args:
            batch: B examples.
            rng: all randomness of the step, on the model's device.
            progress: 0 at the start of the warm-up, 1 from its end on; 1 gives the true objective.
        """


class Fits(Model):
    """Is fitted to all examples at once: by a closed form, EM, or a library's solver."""

    @abstractmethod
    def fit(self, data: Dataset, rng: torch.Generator) -> Iterator[Progress]:
        """Set the parameters from the training data, and yield how far the fit is; the last one is the end.

        Args:
            data: the N training examples, on the model's device.
            rng: all randomness of the fit.

        Raises:
            ValueError: the data can't be fitted, in one sentence.
        """

    @abstractmethod
    def terms(self, batch: Batch) -> Mapping[str, Tensor]:
        """What is worth reporting of held-out examples, by the names in `units`, each (B,); `LOSS` is its headline."""


def about(model: type[Model]) -> str:
    """What a model is, in one line: the first of its file."""
    return (sys.modules[model.__module__].__doc__ or "").partition("\n")[0].rstrip(".")


def family(model: type[Model]) -> str:
    """The folder of a model's file: which kind of model it is."""
    return model.__module__.split(".")[-2]
