"""One latent variable of another subject's model, the class and what lies above it held, as the subject of a page."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from latentlab.models import Held, InfersLatents, Model, OneLatent, one_latent
from latentlab.models.one_latent import CODE
from latentlab.subjects.view import View


@dataclass(frozen=True)
class LatentOf(View):
    """What the places of one latent variable of a model are.

    Attributes:
        latent: which of its variables.
        y: the class that is held.
        like: the saved example whose code is held above the variable; None for the prior's mean.
        draw: as in `Held`.
    """

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
    def code(self) -> str:
        """The variable."""
        return self.latent

    def has(self, *any_of: type[Model]) -> bool:
        """What a model with this variable as its code can do."""
        return not any_of or issubclass(OneLatent, any_of)

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
