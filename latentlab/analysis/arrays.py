"""The types of arrays that the analyses take and give, and how a tensor or a user's array becomes one."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Reals = NDArray[np.floating]  # of either precision
Labels = NDArray[np.int64]  # indices: of classes, clusters or rows


def floats(values: Tensor) -> Floats:
    """A tensor's values as float32, whatever its device and precision; gradients are left behind."""
    return values.detach().cpu().float().numpy()


def doubles(values: Tensor) -> Doubles:
    """A tensor's values as float64, whatever its device and precision; gradients are left behind."""
    return values.detach().cpu().double().numpy()


def flat(x: Tensor) -> Tensor:
    """(N, *shape) -> (N, D) float64; uint8 is scaled to [0, 1]."""
    return x.flatten(1).double() / 255 if x.dtype == torch.uint8 else x.flatten(1).double()


def as_codes(z: ArrayLike) -> Floats:
    """Codes of a user as (N, D) float32, contiguous and writable.

    Raises:
        ValueError: another shape, or numbers that are not finite.
    """
    codes = np.require(z, np.float32, ["C", "W"])  # torch warns of an array that is read-only
    if codes.ndim != 2:
        raise ValueError(f"Codes are (N, D), not of shape {codes.shape}.")
    n_bad = len(codes) - int(np.isfinite(codes).all(1).sum())
    if n_bad:
        raise ValueError(f"{n_bad} of {len(codes)} codes are not finite.")
    return codes


def digest(array: NDArray[Any]) -> str:
    """What distinguishes an array from others of its type: a hash of its shape and numbers, 32 hex digits."""
    state = hashlib.blake2b(repr(array.shape).encode(), digest_size=16)
    state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()
