"""Images that a person classifies, one key each: all of it happens in the browser, which also remembers it.

Python gets the answers when the person stops, or has answered all; what is right it decides itself.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.figures.sheets import sheet_png
from pages.components import LOOK, digest, listens, sources

COLUMNS = 20  # images beside each other on the sheet that is sent
KEYS = "123456789abcdefghijklmnopqrstuvwxyz"  # of the classes, in their order, where their names are no keys

_quiz = st.components.v2.component(
    "latentlab.quiz",
    html=sources("quiz", "quiz.html"),
    css=LOOK + sources("quiz", "quiz.css"),
    js=sources("quiz", "quiz.js"),
)


def quiz(key: str, images: NDArray[np.uint8], classes: Sequence[str]) -> tuple[int, ...] | None:
    """Show images (N, C, H, W) one after the other; returns the classes named for the first of them.

    Args:
        key: of the component, with these images.
        images: with 1 or 3 channels; answers are remembered, for the browser's session, for just these.
        classes: their names.

    Returns:
        an index of `classes` for each image that was answered, at least one; None until the person stops.
    """
    n, _, height, width = images.shape
    data = {
        "of": digest(images, "\n".join(classes).encode()),
        "n": n,
        "columns": COLUMNS,
        "shape": [height, width],
        "sheet": base64.b64encode(sheet_png(images, COLUMNS, gap=0)).decode(),
        "classes": list(classes),
        "keys": keys(classes),
    }
    result = _quiz(key=f"{key} {data['of']}", data=data, default={"answers": None}, on_answers_change=listens)
    return checked(result.answers, n, len(classes))


def keys(classes: Sequence[str]) -> list[str]:
    """The key of each class: its name if all names are single characters, else 1 to 9 and letters; "" for no key."""
    own = [name.lower() for name in classes]
    if all(len(name) == 1 and name.isalnum() for name in own) and len(set(own)) == len(own):
        return own
    return [KEYS[k] if k < len(KEYS) else "" for k in range(len(classes))]


def checked(value: object, n: int, n_classes: int) -> tuple[int, ...] | None:
    """Answers out of what a browser sent; None if they are anything but 1 to n indices of classes."""
    if not isinstance(value, list) or not 0 < len(value) <= n:
        return None
    known = [k for k in value if isinstance(k, int) and not isinstance(k, bool) and 0 <= k < n_classes]
    return tuple(known) if len(known) == len(value) else None
