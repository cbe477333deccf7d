"""Another subject, whose model is looked at in another way, as the subject of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latentlab.data import Dataset, Spec
from latentlab.subjects.base import Subject


@dataclass(frozen=True)
class View(Subject):
    """What a way to look at a model leaves as it is.

    Attributes:
        whole: the subject with the model.
    """

    whole: Subject

    @property
    def title(self) -> str:
        """Of the subject."""
        return self.whole.title

    @property
    def dataset(self) -> str:
        """Of the subject."""
        return self.whole.dataset

    @property
    def spec(self) -> Spec:
        """Of the subject."""
        return self.whole.spec

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the subject."""
        return self.whole.classes

    @property
    def takes_scaled(self) -> bool:
        """As the subject."""
        return self.whole.takes_scaled

    @property
    def config(self) -> Mapping[str, Any]:
        """Of the subject."""
        return self.whole.config

    @property
    def training(self) -> Mapping[str, Any]:
        """Of the subject."""
        return self.whole.training

    def examples(self) -> Dataset:
        """Of the subject."""
        return self.whole.examples()
