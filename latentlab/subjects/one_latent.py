"""One latent variable of another subject's model, the class and what lies above it held, as the subject of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from latentlab.data import Dataset, Spec
from latentlab.models import Held, InfersLatents, Model, OneLatent, one_latent
from latentlab.models.one_latent import CODE
from latentlab.subjects.base import Subject


@dataclass(frozen=True)
class LatentOf(Subject):
    """What the places of one latent variable of a model are.

    Attributes:
        whole: the subject with the model.
        latent: which of its variables.
        y: the class that is held.
        like: the saved example whose code is held above the variable; None for the prior's mean.
        draw: as in `Held`.
    """

    whole: Subject
    latent: str
    y: int = 0
    like: int | None = None
    draw: int = 0

    @property
    def id(self) -> str:
        """Of the subject, with what is moved and what is held."""
        return f"{self.whole.id}.{self._held}"

    @property
    def key(self) -> str:
        """Of the subject, with what is moved and what is held."""
        return f"{self.whole.key} {self._held}"

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
    def code(self) -> str:
        """The variable."""
        return self.latent

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

    def has(self, *any_of: type[Model]) -> bool:
        """What a model with this variable as its code can do."""
        return not any_of or issubclass(OneLatent, any_of)

    def examples(self) -> Dataset:
        """Of the subject."""
        return self.whole.examples()

    def model(self, epoch: int | None = None) -> Model:
        """The model with this variable as its code."""
        model = self.whole.model(epoch)
        above: tuple[float, ...] = ()
        if self.like is not None and isinstance(model, InfersLatents):
            with torch.no_grad():
                q = model.infer(self.whole.examples().batch(torch.tensor([self.like])).x)
            above = tuple(q[CODE].mean[0].tolist())
        return one_latent(model, self.latent, Held(self.y, above, self.draw)).eval()

    @property
    def _held(self) -> str:
        return f"{self.latent}.{self.y}.{self.like}.{self.draw}"
