"""The ability of a model that has a Markov chain of its own over examples."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

import torch
from torch import Tensor

from latentlab.models.base import Model

S = TypeVar("S")  # the state of a chain: an example and whatever else the model carries along


class Walks(Model, Generic[S]):
    """Has a Markov chain of its own over examples, with a state that may hold more than the example."""

    @property
    @abstractmethod
    def factors(self) -> tuple[float, ...]:
        """The learned factors among which a step can choose; empty if there is no choice."""

    @abstractmethod
    def prepare(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape): examples as the model saw them in training."""

    @abstractmethod
    def start(self, x: Tensor) -> S:
        """Chains that begin at examples, (B, *shape)."""

    @abstractmethod
    def begin(self, n: int, rng: torch.Generator) -> S:
        """n chains that begin without an example."""

    @abstractmethod
    def step(self, state: S, rng: torch.Generator, factor: int = 0) -> S:
        """One step of each chain, drawn."""

    @abstractmethod
    def example(self, state: S) -> Tensor:
        """(B, *shape): the examples at which chains are."""

    @abstractmethod
    def expected(self, state: S) -> Tensor:
        """(B, *shape): the mean of the distribution that the examples were drawn from."""

    @abstractmethod
    def hold(self, state: S, x: Tensor, held: Tensor) -> S:
        """The chains with the values of x, (B, *shape), put back where `held`, (B, *shape) bool, is true."""

    @abstractmethod
    def walk(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): a chain of the length used in training from each example, drawn."""
