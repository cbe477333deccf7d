"""Images of all combinations of some factors, each once, so that the factors are independent of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.data.dataset import Dataset, Factors, FactorValues, Kind, Spec, Splits, held_out


@dataclass(frozen=True)
class FactorImages:
    """Square images in gray, and what they were made from.

    Attributes:
        side: in pixels.
        factors: their names; the first one is the class.
        values: of each factor what its levels are.
        n_held_out: images for validation, and as many for the test.
        render: (N, F) levels of all combinations, the last factor changing first -> (N, 1, side, side) uint8.
    """

    side: int
    factors: tuple[str, ...]
    values: tuple[FactorValues, ...]
    n_held_out: int
    render: Callable[[NDArray[np.int64]], Tensor]

    @property
    def classes(self) -> tuple[str, ...]:
        """The levels of the first factor."""
        return tuple(map(str, self.values[0]))

    @property
    def spec(self) -> Spec:
        """What a model must know of them."""
        return Spec((1, self.side, self.side), len(self.classes), Kind.IMAGE)

    def load(self, name: str) -> Splits:
        """All of them, under the name of a data set."""
        levels = np.stack([axis.ravel() for axis in np.indices(tuple(map(len, self.values)))], 1)
        factors = Factors(torch.from_numpy(levels), self.factors, self.values)
        y = torch.from_numpy(levels[:, 0])
        data = Dataset(name, self.render(levels), y, self.classes, Kind.IMAGE, factors=factors)
        rest, test = held_out(data, self.n_held_out)
        train, valid = held_out(rest, self.n_held_out)
        return Splits(train, valid, test)
