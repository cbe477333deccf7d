"""Vectors between 0 and 1, where the models' likelihoods and outputs live; the way back is kept.

to 0 … 1:  (x - low) / span          back:  low + span · x
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.data.dataset import DataError

SHARED = 0.5  # of the numbers that vary: if more reach both ends of the whole range, they are of one kind, as pixels


class Scale(NamedTuple):
    """An affine map for each number of an example, in float64: float32 can't hold every span."""

    low: NDArray[np.float64]  # (D,) of vectors; (T, D) of sequences, the same at all T times
    span: NDArray[np.float64]  # as `low`, positive

    @classmethod
    def identity(cls, shape: tuple[int, ...]) -> Scale:
        """That of numbers which models see as they are."""
        return cls(np.zeros(shape), np.ones(shape))

    def to_unit(self, x: Tensor) -> Tensor:
        """(N, *shape) float32 -> (N, *shape) float32 in [0, 1]."""
        return ((x.double() - torch.from_numpy(self.low)) / torch.from_numpy(self.span)).float()

    def back(self, x: Tensor) -> Tensor:
        """(N, *shape) in [0, 1] -> (N, *shape) float32 as they were."""
        return (torch.from_numpy(self.low) + torch.from_numpy(self.span) * x.double()).float()

    @property
    def tensors(self) -> dict[str, Tensor]:
        """As a file holds them, by name."""
        return {"scale.low": torch.from_numpy(self.low), "scale.span": torch.from_numpy(self.span)}

    @property
    def is_shared(self) -> bool:
        """Whether all numbers have the same map."""
        return bool((self.low == self.low.flat[0]).all() and (self.span == self.span.flat[0]).all())

    @property
    def sentence(self) -> str:
        """What is done, for the summary."""
        how = f"all alike, from {self.low.flat[0]:g} … {self.low.flat[0] + self.span.flat[0]:g}"
        return f"Models see the numbers between 0 and 1: scaled {how if self.is_shared else 'each by its own range'}."


def unit_scale(x: Tensor) -> Scale | None:
    """The map of vectors (N, D), or sequences (N, T, D), to [0, 1] by the least and the largest values.

    None if they are there already. All times of a sequence have one map.
    One map for all numbers where most of those that vary reach both ends of the whole range, as pixels do; else one for
    each. A number that never varies becomes 0.
    """
    shape, x = x.shape[1:], x.reshape(-1, x.shape[-1])
    low, high = (np.asarray(end(0).double()) for end in (x.amin, x.amax))
    if low.min() >= 0 and high.max() <= 1:
        return None
    varies = high > low
    whole = (low == low.min()) & (high == high.max()) & varies
    if whole.sum() > SHARED * varies.sum():
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    span = np.where(high > low, high - low, 1.0)
    return Scale(*(np.broadcast_to(end, tuple(shape)).copy() for end in (low, span)))


def read_scale(tensors: dict[str, Tensor], shape: tuple[int, ...]) -> Scale | None:
    """Take `scale.low` and `scale.span` out of what a file holds; None where it has neither.

    Args:
        tensors: by name.
        shape: of an example.

    Raises:
        DataError: they aren't the map of such examples.
    """
    low, span = tensors.pop("scale.low", None), tensors.pop("scale.span", None)
    if low is None and span is None:
        return None
    if low is None or span is None:
        raise DataError("The scale of the numbers doesn't fit the examples.")
    if any(end.dtype != torch.float64 or tuple(end.shape) != shape for end in (low, span)):
        raise DataError("The scale of the numbers doesn't fit the examples.")
    if not bool(low.isfinite().all() and span.isfinite().all() and (span > 0).all()):
        raise DataError("The scale of the numbers holds what is no number.")
    return Scale(low.numpy(), span.numpy())
