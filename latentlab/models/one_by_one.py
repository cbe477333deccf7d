"""A distribution of examples as a product over their values, each given those before it."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from latentlab.models.base import Model


class Completed(NamedTuple):
    """Examples of which some values were drawn.

    Attributes:
        x: (B, *shape): the others are as they were.
        log_weight: (B,) nats: log p of the others that come after the first drawn one, each given all before it. Draws
            with weights in proportion to its exponential are of p(drawn | all others); without such others it is 0.
    """

    x: Tensor
    log_weight: Tensor


class OneByOne(Protocol):
    """p(x) as a product over the values of an example, each given those before it, in the order of `flatten`."""

    @property
    def values(self) -> Tensor:
        """(L,) what a value can be, rising from 0 to 1."""

    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape) nats: log p(x_i | x_1 … x_(i-1)) of each value; their sum is log p(x)."""

    def log_levels(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape, L) nats: log p(x_i = each of `values` | x_1 … x_(i-1)); differentiable by x."""

    def complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """(B, *shape), (*shape) bool -> x with its hidden values drawn in order, each given all before it."""


class Autoregressive(Model):
    """Models an example one value after the other (`OneByOne`), each given those before it."""

    @property
    @abstractmethod
    def values(self) -> Tensor:
        """(L,) what a value can be, rising from 0 to 1."""

    @abstractmethod
    def log_conditionals(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape) nats: log p(x_i | x_1 … x_(i-1)) of each value; their sum is log p(x)."""

    @abstractmethod
    def log_levels(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape, L) nats: log p(x_i = each of `values` | x_1 … x_(i-1)); differentiable by x."""

    @abstractmethod
    def complete(self, x: Tensor, hidden: Tensor, rng: torch.Generator) -> Completed:
        """(B, *shape), (*shape) bool -> x with its hidden values drawn in order, each given all before it."""

    @abstractmethod
    def sample_step(self, x: Tensor, i: int, rng: torch.Generator) -> Tensor:
        """(B, *shape) -> (B, *shape): x with its value i drawn given those before it; the others stay."""


class AutoregressiveGiven(Autoregressive):
    """Models an example one value after the other, given its class too."""

    @abstractmethod
    def given(self, y: int) -> OneByOne:
        """p(x|y) of one of the `spec.n_classes` classes."""


class AutoregressiveGivenCode(Model):
    """Models an example given its code one value after the other, in the order of `flatten`."""

    @abstractmethod
    def log_conditionals_given(self, x: Tensor, z: Tensor | None, sees_image: bool = True) -> Tensor:
        """(B, *shape), (B, z_dim) -> (B, *shape) nats: log p(x_i | x_1 … x_(i-1), z); their sum is log p(x|z).

        Args:
            x: examples, binarised where the model takes binary values.
            z: codes; None hides them from what reads them.
            sees_image: False hides the values before each from what reads them.
        """

    @abstractmethod
    def given_code(self, z: Tensor) -> OneByOne:
        """p(x|z) of one code, (z_dim,)."""

    @abstractmethod
    def sample_code(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, z_dim): draws from the prior of the code."""

    @abstractmethod
    def expected_code(self) -> Tensor:
        """(z_dim,): the code that stands for no example, at the mean of its prior."""
