"""Which axis of an array counts the examples, which the channels of an image, and which the times of a series."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentlab.data.dataset import DataError

MAX_DIMENSIONS = 4  # example, channel, row, column
FEW = 16  # at most so many values at a time, or bands of an image
SIGNED_FEW = 32  # of a series that has negative numbers, as no picture has
LONG, SIGNED_LONG = 4, 2  # a series has at least so many times as many times as values at each
SLENDER = 8  # no picture is so many times as long as it is wide
COLOURS = (1, 3, 2, 4)  # channels, in the order in which they are looked for


def examples_first(x: NDArray[Any], rows: Set[int], name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The array with the axis of the examples first, and a sentence where it had to be moved.

    Args:
        x: numbers of any shape.
        rows: how many examples there may be: the lengths of what has a value for each; empty if nothing has.
        name: of the file, for a message.

    Raises:
        DataError: not 2 to 4 dimensions, or an empty one.
    """
    if x.ndim > MAX_DIMENSIONS and 0 not in x.shape:
        raise DataError(
            f"{name} has the shape {x.shape}, volumes or films, of which LatentLab shows images only; save one slice of"
            " each, as x[:, :, 16] does, or their mean, as (N, height, width) or (N, height, width, channels)."
        )
    if x.ndim < 2 or 0 in x.shape:
        raise DataError(f"{name} has the shape {x.shape}; examples are rows, or images of (N, height, width).")
    if rows & {len(x)} or not (rows & {x.shape[-1]} or (not rows and _counts_last(x))):
        return x, ()
    note = f"The last of the axes {x.shape} counts the examples, as MATLAB saves them; it was moved to the front."
    return np.moveaxis(x, -1, 0), (note,)


def _counts_last(x: NDArray[Any]) -> bool:
    """Whether the shape can only be that of height x width (x channels) x examples."""
    *sides, last = x.shape
    if x.ndim == 4:
        return sides[2] in COLOURS and last not in COLOURS and sides[1] not in COLOURS and min(sides[:2]) >= FEW // 4
    if x.ndim == 2 or last <= FEW or min(sides) == 1:
        return False
    if x.dtype.kind == "f" and min(sides) <= FEW and float(x.min()) < 0:  # series of as many values
        return False
    square = sides[0] == sides[1] != last
    return bool(square or (sides[1] > FEW and last > SLENDER * max(sides)))


def is_sequence(x: NDArray[Any]) -> bool:
    """Whether (N, a, b) are series: one axis is much longer than the other, and the values are no bytes."""
    if x.ndim != 3:
        return False
    few, long = sorted(x.shape[1:])
    if few == 1:
        return bool(long > 1)
    if x.dtype.kind in "bu" and x.dtype.itemsize == 1:
        return False
    if few <= FEW and long >= LONG * few:
        return True
    return few <= SIGNED_FEW and long >= SIGNED_LONG * few and float(x.min()) < 0


def times_first(x: NDArray[Any]) -> NDArray[Any]:
    """Series (N, C, T) or (N, T, C) as (N, T, C): the longer axis is time."""
    return x if x.shape[1] >= x.shape[2] else x.transpose(0, 2, 1)


class Images(NamedTuple):
    """Images of one or three channels."""

    x: NDArray[Any]  # (N, 1 or 3, H, W)
    n_channels: int  # that each had
    notes: tuple[str, ...]  # what was done to them, a sentence each


def as_images(x: NDArray[Any], name: str, channels: tuple[int, ...] = ()) -> Images:
    """(N, H, W), (N, C, H, W) or (N, H, W, C) as (N, 1 or 3, H, W).

    Where no channels are chosen, two become magenta and green, the fourth is transparency where it can be, and of more
    the first three are red, green and blue.

    Args:
        x: the intensities.
        name: of the file, for a message.
        channels: as of `ReadOptions`.

    Raises:
        DataError: no axis can be that of the channels, or one that was chosen isn't there.
    """
    x = _channels_second(x, name)
    n = x.shape[1]
    if channels:
        check_channels(channels, n, name)
        return Images(x[:, list(channels)], n, (said_of_channels(channels, n),))
    if n == 2:
        return Images(x[:, [0, 1, 0]], n, ("Of 2 channels the first is shown in magenta and the second in green.",))
    if n == 4 and _has_alpha(x):
        return Images(_over_paper(x), n, ("Of 4 channels the last is transparency: the others were laid over white.",))
    if n in (1, 3):
        return Images(x, n, ())
    note = f"Of {n} channels the first three are red, green and blue; others can be chosen with --channels."
    return Images(x[:, :3], n, (note,))


def check_channels(channels: tuple[int, ...], n: int, name: str) -> None:
    """Raise a `DataError` if one that was chosen is none of the n that images have."""
    if max(channels) >= n:
        has = "one channel, 0" if n == 1 else f"the channels 0 … {n - 1}"
        raise DataError(f"{name} has images with {has}; there is no channel {max(channels)}.")


def said_of_channels(channels: tuple[int, ...], n: int) -> str:
    """Which of n channels were chosen, in a sentence."""
    if len(channels) == 1:
        return f"Of {n} channels, numbered from 0, channel {channels[0]} is shown."
    red, green, blue = channels
    return f"Of {n} channels, numbered from 0, {red} is shown in red, {green} in green and {blue} in blue."


def _channels_second(x: NDArray[Any], name: str) -> NDArray[Any]:
    """(N, C, H, W)."""
    if x.ndim == 3:
        return x[:, None]
    axis = _channel_axis(x.shape)
    if axis is None:
        raise DataError(
            f"{name} has the shape {x.shape}, in which no axis can be that of the channels; of volumes, save one slice"
            f" of each, as x[:, {x.shape[1] // 2}] does, or their mean, x.mean(1)."
        )
    return np.moveaxis(x, axis, 1)


def _channel_axis(shape: tuple[int, ...]) -> int | None:
    """1 or 3; None where neither can be."""
    first, last = shape[1], shape[3]
    for n in COLOURS:
        for axis in (1, 3):
            if shape[axis] == n:
                return axis
    if first <= FEW and 2 * first <= min(shape[2:]):
        return 1
    return 3 if last <= FEW and 2 * last <= min(shape[1:3]) else None


def _has_alpha(x: NDArray[Any]) -> bool:
    """Whether the fourth of (N, 4, H, W) can be transparency: bytes, or shares of 1."""
    return x.dtype == np.uint8 or (x.dtype.kind == "f" and float(x.min()) >= 0 and float(x.max()) <= 1)


def _over_paper(x: NDArray[Any]) -> NDArray[Any]:
    """(N, 4, H, W) -> (N, 3, H, W) of the same kind."""
    white = 255 if x.dtype == np.uint8 else 1
    out = np.empty((len(x), 3, *x.shape[2:]), x.dtype)
    for row, rgba in zip(out, x, strict=True):
        alpha = rgba[3:] / np.float32(white)
        mixed = rgba[:3] * alpha + white * (1 - alpha)
        row[:] = np.rint(mixed) if x.dtype == np.uint8 else mixed
    return out
