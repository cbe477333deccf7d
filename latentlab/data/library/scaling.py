"""How models see vectors: between 0 and 1, or by mean and deviation, or by median and quartiles; the way back is kept.

to a model:  (x - low) / span          back:  low + span · x

What it takes is measured on the examples for training alone, so that nothing of the others leaks in: those may lie
beyond 0 and 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.data.dataset import DataError
from latentlab.data.files.options import Scaling

SHARED = 0.5  # of the numbers that vary: if more reach both ends of the whole range, they are of one kind, as pixels


class Scale(NamedTuple):
    """An affine map for each number of an example, in float64: float32 can't hold every span."""

    low: NDArray[np.float64]  # (D,) of vectors; (T, D) of sequences, the same at all T times: what becomes 0
    span: NDArray[np.float64]  # as `low`, positive

    @classmethod
    def identity(cls, shape: tuple[int, ...]) -> Scale:
        """That of numbers which models see as they are."""
        return cls(np.zeros(shape), np.ones(shape))

    def to_unit(self, x: Tensor) -> Tensor:
        """(N, *shape) float32 -> (N, *shape) float32 as models see them."""
        return ((x.double() - torch.from_numpy(self.low)) / torch.from_numpy(self.span)).float()

    def back(self, x: Tensor) -> Tensor:
        """(N, *shape) as models see them -> (N, *shape) float32 as they were."""
        return (torch.from_numpy(self.low) + torch.from_numpy(self.span) * x.double()).float()

    @property
    def tensors(self) -> dict[str, Tensor]:
        """As a file holds them, by name."""
        return {"scale.low": torch.from_numpy(self.low), "scale.span": torch.from_numpy(self.span)}

    @property
    def is_shared(self) -> bool:
        """Whether all numbers have the same map."""
        return bool((self.low == self.low.flat[0]).all() and (self.span == self.span.flat[0]).all())


def fitted(x: Tensor, how: Scaling) -> Scale | None:
    """The map of vectors (N, D), or sequences (N, T, D), that are for training; None if they stay as they are."""
    return unit_scale(x) if how is Scaling.RANGE else middle_scale(x, how)


def about(scale: Scale, how: Scaling) -> str:
    """What is done, for the summary."""
    match how:
        case Scaling.STANDARD:
            said = "each from its mean on, in standard deviations"
        case Scaling.ROBUST:
            said = "each from its median on, in interquartile ranges"
        case _:
            ends = f"all alike, from {scale.low.flat[0]:g} … {scale.low.flat[0] + scale.span.flat[0]:g}"
            said = f"between 0 and 1: scaled {ends if scale.is_shared else 'each by its own range'}"
    return f"Models see the numbers {said}, measured on the examples for training."


def middle_scale(x: Tensor, how: Scaling) -> Scale:
    """The map of vectors (N, D), or sequences (N, T, D), by where their numbers lie and how far apart.

    All times of a sequence have one map. A number that is the same in half of the examples has no interquartile range
    and is divided by its standard deviation, and one that never varies by 1.
    """
    shape, flat = tuple(x.shape[1:]), x.reshape(-1, x.shape[-1])
    middle, apart = np.empty(shape[-1]), np.empty(shape[-1])
    for k in range(shape[-1]):
        column = flat[:, k].double().numpy()
        middle[k], apart[k] = column.mean(), column.std()
        if how is Scaling.ROBUST:
            low, middle[k], high = np.quantile(column, (0.25, 0.5, 0.75))
            apart[k] = high - low or apart[k]
        if (column == column[0]).all():
            apart[k] = 1.0
    return Scale(*(np.broadcast_to(one, shape).copy() for one in (middle, apart)))


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
