"""What a model may be able to do with features: read its classes from them, or take over those of another network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from latentlab.models.base import Model


class HasFeatures(Model):
    """Reads its classes from features, by one linear layer; so it can be the trunk of another model."""

    logits: nn.Linear

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, d): what `logits` reads, without dropout."""


class HasTrunk(Model):
    """Is built on a network that may have been trained before, on other data."""

    source: str  # where its parameters come from: the id of a run, or "lite0"; empty: they start random

    @property
    @abstractmethod
    def n_frozen(self) -> int:
        """How many numbers of it the training doesn't move."""

    @abstractmethod
    def take_trunk(self, weights: Mapping[str, Tensor]) -> None:
        """Set its parameters to those of a network, by name; what it doesn't use of them is left out.

        Raises:
            ValueError: they are of another network.
        """
