"""How the user's functions want a batch, where that isn't how LatentLab holds it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """A way to hand over a batch, and to take one back.

    Attributes:
        sentence: what a user reads of it; empty for what needs no word.
        to_user: (B, *shape) -> what the function takes.
    """

    sentence: str
    to_user: Callable[[Tensor], Tensor]


def back(values: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """What a function gave as (B, *shape): as it is, without or with a flat or a missing side, or with channels last.

    None where it can't be that.
    """
    found = tuple(values.shape[1:])
    if found == shape:
        return values
    if len(shape) == 3 and len(found) == 3 and (*found[2:], *found[:2]) == shape:
        return values.movedim(-1, 1)
    is_flat = len(found) == 1 or [side for side in found if side > 1] == [side for side in shape if side > 1]
    if is_flat and values[0].numel() == math.prod(shape):
        return values.reshape(len(values), *shape)
    return None


AS_IT_IS = Layout("", lambda x: x)
IMAGE_LAYOUTS = (
    AS_IT_IS,
    Layout("It is given images as rows of numbers.", lambda x: x.flatten(1)),
    Layout("It is given images with their channels last.", lambda x: x.movedim(1, -1)),
    Layout("It is given images without a channel.", lambda x: x[:, 0]),
)
PLAIN_LAYOUTS = (AS_IT_IS, Layout("It is given each example as a row of numbers.", lambda x: x.flatten(1)))
