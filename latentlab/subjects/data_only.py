"""A data set without a model as the subject of a page."""

from __future__ import annotations

from dataclasses import dataclass

from latentlab.data import Dataset, Spec, class_names, is_local, load, names, spec_of
from latentlab.models import Model
from latentlab.serialization import RunError
from latentlab.subjects.base import Subject

PREFIX = "data:"  # of the id: a run can't have a colon in its own


@dataclass(frozen=True)
class DataOnly(Subject):
    """The data set of a name; it has no ability."""

    name: str

    @property
    def id(self) -> str:
        """The name behind a prefix that no run's id has."""
        return f"{PREFIX}{self.name}"

    @property
    def key(self) -> str:
        """A name stands for one content for ever."""
        return self.id

    @property
    def title(self) -> str:
        """The name, and that there is no model."""
        return f"{self.name}, no model"

    @property
    def dataset(self) -> str:
        """The name."""
        return self.name

    @property
    def spec(self) -> Spec:
        """What is known of the data."""
        return spec_of(self.name)

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the data."""
        return class_names(self.name)

    def has(self, *any_of: type[Model]) -> bool:  # noqa: ARG002 there is no model to ask
        """Never: there is no model."""
        return False

    def examples(self) -> Dataset:
        """The test split."""
        return load(self.name).test

    def model(self, epoch: int | None = None) -> Model:  # noqa: ARG002
        """There is none.

        Raises:
            RunError: always.
        """
        raise RunError(f"{self.name} is data alone: train a model on it, or choose a run.")


def local() -> list[DataOnly]:
    """The data sets on this machine."""
    return [DataOnly(name) for name in names() if is_local(name)]
