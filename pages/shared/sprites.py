"""What the pointer shows of a map's examples, sent to the browser once: thumbnails, or numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.maps.examples import n_thumbnails, thumbnails
from latentlab.figures.examples.appearance import Appearance
from latentlab.figures.sheets import sheet_png
from pages.components.scatter import more_sprites, sprites
from pages.shared.example_view import appearance_of_space, has_picture
from pages.shared.remember import remember
from pages.shared.spaces import Space
from pages.shared.visit import Slot

WANTED: Slot[Mapping[str, Any]] = Slot("more-sprites")  # whose pictures the map wanted last
MOST_WANTED = 200  # at a time
MOST_NUMBERS = 1 << 23  # that are sent, of examples that are no images: 32 MiB
COLUMNS = 100  # thumbnails beside each other on a sheet


def send_sprites(space: Space) -> None:
    """Send the thumbnails of the examples, or their numbers where they are no images, and what the user calls them.

    Of very many examples those of the first ones are sent at once, and others when the map wants them.
    """
    n = _n_at_once(space)
    head = {"id": space.points, "n": n, "names": _names(space)}
    if space.is_image:
        images = thumbnails(space.data.x[:n].numpy())
        sprites("sprites", head | _grid(images), _sheet(space.points, images))
    elif has_picture(space):
        drawn, numbers = _numbers(space)
        sprites("sprites", head | {"drawn": drawn.as_json()}, numbers)
    else:
        sprites("sprites", head, b"")
    if n < len(space.z):
        _send_more(space)


@st.fragment
def _send_more(space: Space) -> None:
    """Send those that the map wanted, and listen for the next."""
    ids = _wanted(WANTED.get({}).get("wanted"), space)
    head: dict[str, Any] = {"points": space.points, "ids": ids, "names": [space.examples.caption(i) for i in ids]}
    if not ids or not has_picture(space):
        more_sprites(WANTED.name, head, b"")
    elif space.is_image:
        images = thumbnails(space.data.x[ids].numpy())
        more_sprites(WANTED.name, head | _grid(images), sheet_png(images, COLUMNS, gap=0))
    else:
        drawn, _ = _numbers(space)
        x = space.data[torch.tensor(ids)].batch().x.numpy()
        more_sprites(WANTED.name, head | {"drawn": drawn.as_json()}, drawn.packed(x).tobytes())


def _wanted(value: object, space: Space) -> list[int]:
    """Which examples a browser wants, without what can't be."""
    if not isinstance(value, Mapping) or value.get("points") != space.points:
        return []
    ids = value.get("ids")
    known = [i for i in ids if isinstance(i, int) and 0 <= i < len(space.z)] if isinstance(ids, list) else []
    return known[:MOST_WANTED]


def _n_at_once(space: Space) -> int:
    """How many examples are sent before any is wanted."""
    if space.is_image:
        return n_thumbnails(tuple(space.data.x.shape))
    return min(len(space.z), max(1, MOST_NUMBERS // math.prod(space.data.shape)))


def _grid(images: NDArray[np.uint8]) -> dict[str, Any]:
    return {"columns": COLUMNS, "width": images.shape[3], "height": images.shape[2]}


@remember(4)
def _names(space: Space) -> list[str]:
    """What those that are sent at once are called; nothing where the user doesn't call them anything."""
    return [space.examples.caption(i) for i in range(_n_at_once(space))] if space.examples.caption(0) else []


@remember(2)
def _numbers(space: Space) -> tuple[Appearance, bytes]:
    """How examples that are no images are drawn, and the numbers of those that are sent at once."""
    x = space.data.batch(slice(_n_at_once(space))).x.numpy()
    drawn = appearance_of_space(space).narrowed(x)
    return drawn, drawn.packed(x).tobytes()


@remember(4)
def _sheet(points: str, _images: NDArray[np.uint8]) -> bytes:  # noqa: ARG001
    return sheet_png(_images, COLUMNS, gap=0)
