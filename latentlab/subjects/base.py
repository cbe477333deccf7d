"""What every subject of a page promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from latentlab.data import Dataset, Kind, Spec
from latentlab.models import Model


class Subject(ABC):
    """What a page looks at. Two subjects of the same `key` show the same; a page never asks which kind it is.

    What a subject can't do it lacks as an ability: a page offers the subjects that `has` what it needs.
    """

    @property
    @abstractmethod
    def id(self) -> str:
        """As an address names it."""

    @property
    @abstractmethod
    def key(self) -> str:
        """A name that changes when what is looked at does: the key of whatever is computed from it."""

    @property
    @abstractmethod
    def title(self) -> str:
        """As a person reads it."""

    @property
    @abstractmethod
    def dataset(self) -> str:
        """The name of its data."""

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """What is known of its data."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return self.spec.shape

    @property
    def code(self) -> str:
        """What its code is called, before the number of a dimension."""
        return "z"

    @property
    def takes_scaled(self) -> bool:
        """Whether its model takes vectors of the user's as a data set gives them to models, between 0 and 1."""
        return True

    def takes_examples_of(self, other: Subject) -> bool:
        """Whether the examples of another subject are in the form, and the numbers, that its model takes."""
        alike = self.spec.kind is Kind.IMAGE or self.takes_scaled == other.takes_scaled
        return self.shape == other.shape and alike

    @property
    def note(self) -> str:
        """What it is and how it was made, if that is known."""
        return ""

    @property
    def config(self) -> Mapping[str, Any]:
        """The knobs of its model; empty where it isn't known how that was made."""
        return {}

    @property
    def training(self) -> Mapping[str, Any]:
        """The knobs of its training; empty where it isn't known how it was trained."""
        return {}

    @property
    def units(self) -> Mapping[str, str]:
        """Each number that its model reports of an example -> its unit; the first is what is shown first."""
        return {}

    @property
    def metrics(self) -> Mapping[str, float]:
        """Numbers on its test examples, by name."""
        return {}

    @property
    def snapshots(self) -> tuple[int, ...]:
        """Epochs of its training whose parameters `model` can give, from 0, before training; empty for none."""
        return ()

    def measured(self) -> Mapping[str, Tensor]:
        """What was measured of it beforehand, as `latentlab.runs.measured`.

        Raises:
            RunError: it is damaged.
        """
        return {}

    @property
    def is_uploaded(self) -> bool:
        """Whether a visitor of the app brought it, to look at it for a while."""
        return False

    @abstractmethod
    def has(self, *any_of: type[Model]) -> bool:
        """Whether its model has at least one of these abilities; without any named, whether there is a model."""

    def missing(self, *any_of: type[Model]) -> str:  # noqa: ARG002 its model can't be given any
        """What would give its model one of these abilities, in words; empty where nothing can."""
        return ""

    @abstractmethod
    def examples(self) -> Dataset:
        """The examples that it is looked at with.

        Raises:
            RunError, DataError: they are missing or damaged.
        """

    @abstractmethod
    def model(self, epoch: int | None = None) -> Model:
        """Its model, frozen, on the CPU.

        Args:
            epoch: one of `snapshots`; None for the end of training.

        Raises:
            RunError: it can't be had, in one sentence.
        """
