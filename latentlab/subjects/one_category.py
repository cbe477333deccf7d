"""A subject whose model has a category in its code, with the category as the class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from latentlab.data import Dataset, Spec
from latentlab.models import ByCategory, Model, by_category
from latentlab.serialization import RunError
from latentlab.subjects.view import View


@dataclass(frozen=True)
class CategoryOf(View):
    """What a model makes of each category of its code; its examples are of the category that it reads of them.

    Attributes:
        n: categories.
    """

    n: int

    @property
    def id(self) -> str:
        """Of the subject, by category."""
        return f"{self.whole.id}.by-category"

    @property
    def key(self) -> str:
        """Of the subject, by category."""
        return f"{self.whole.key} by category"

    @property
    def spec(self) -> Spec:
        """Of the subject, with the categories as its classes."""
        return self.whole.spec._replace(n_classes=self.n)

    @property
    def classes(self) -> tuple[str, ...]:
        """The categories by number, as they have no names."""
        return tuple(f"c{k + 1}" for k in range(self.n))

    def has(self, *any_of: type[Model]) -> bool:
        """What a model with its category as the class can do."""
        return not any_of or issubclass(ByCategory, any_of)

    def examples(self) -> Dataset:
        """Of the subject, each of the category that is read of it."""
        data = self.whole.examples()
        with torch.no_grad():
            y = self.model().category(data.batch().x)
        return replace(data, y=y, classes=self.classes)

    def model(self, epoch: int | None = None) -> ByCategory:
        """The model with its category as the class."""
        found = by_category(self.whole.model(epoch))
        if found is None:
            raise RunError("Its code has no category.")
        return found.eval()
