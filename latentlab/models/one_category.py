"""The category of a model's code as its class, and the rest of the code as the style.

    c, s of p(c) p(s), x = G(c, s)      y is c, which a label of the data need not be; the code is s

What is read of an example is its style, which a model reads without being given a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from latentlab.models.abilities import Conditional, Decodes, Encodes, HasPrior
from latentlab.models.base import Model
from latentlab.models.parts.priors import Independent, category_of, without_category


def by_category(model: Model) -> ByCategory | None:
    """A model with the category of its code as its class; None where it has none, or doesn't encode and decode."""
    if not (isinstance(model, HasPrior) and isinstance(model, Encodes) and isinstance(model, Decodes)):
        return None
    return ByCategory(model) if category_of(model.prior) is not None else None


class ByCategory(Conditional, HasPrior):
    """A model that is class-conditional by the category of another's code."""

    name = "by_category"
    title = "Category as the class"
    units: ClassVar[Mapping[str, str]] = {}

    def __init__(self, model: Model) -> None:
        super().__init__()
        place = category_of(model.prior) if isinstance(model, HasPrior) else None
        if place is None:
            raise ValueError(f"The code of the model {model.name!r} has no category.")
        self.model, self.place, self.n_categories = model, place, place.stop - place.start
        self.spec = model.spec._replace(n_classes=self.n_categories)
        self.z_dim = self.prior.dim

    @property
    def prior(self) -> Independent:
        """p(s): what is beside the category."""
        assert isinstance(self.model, HasPrior)
        return without_category(self.model.prior)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """(B, z_dim), (B,) int64 -> (B, *shape): the example of a style in a category."""
        assert isinstance(self.model, Decodes)
        before, after = z[:, : self.place.start], z[:, self.place.start :]
        return self.model.decode(torch.cat([before, F.one_hot(y, self.n_categories).to(z.dtype), after], 1))

    def encode(self, x: Tensor, y: Tensor) -> Tensor:  # noqa: ARG002 nothing of it is given
        """(B, *shape), (B,) int64 -> (B, z_dim): what is read beside the category."""
        code = self._code(x)
        return torch.cat([code[:, : self.place.start], code[:, self.place.stop :]], 1)

    def category(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,) int64: the most probable category of an example."""
        return self._code(x)[:, self.place].argmax(1)

    def _code(self, x: Tensor) -> Tensor:
        assert isinstance(self.model, Encodes)
        return self.model.encode(x)
