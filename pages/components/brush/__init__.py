"""A brush that hides pixels of an image: painted in the browser, sent to the server when a stroke ends.

A mask travels as text, in the state of the component as in the address: one bit a pixel, row by row, eight to a byte,
the first the highest, in base64 for addresses without its padding.
"""

from __future__ import annotations

import base64
import re

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components import LOOK, WIRE, listens, sources

Mask = NDArray[np.bool_]

_brush = st.components.v2.component(
    "latentlab.brush",
    html=sources("brush", "brush.html"),
    css=LOOK + sources("brush", "brush.css"),
    js=WIRE + sources("brush", "brush.js"),
)


def brush(key: str, image: NDArray[np.uint8], mask: str, *, draws: bool = False) -> str:
    """Draw an image (C, H, W), enlarged, under a brush; returns the mask of what is painted.

    Args:
        key: of the component; another one for another size of image.
        image: with 1 or 3 channels, which are hidden together.
        mask: what is painted when the component appears; from then on it has its own.
        draws: what is painted is white ink; else it is hidden.
    """
    _, height, width = image.shape
    data = {
        "shape": list(image.shape),
        "image": base64.b64encode(image.tobytes()).decode(),
        "mask": mask,
        "draws": draws,
    }
    result = _brush(key=key, data=data, default={"mask": mask}, on_mask_change=listens)
    reported: object = result.mask
    return reported if isinstance(reported, str) and unpack(reported, height, width) is not None else mask


def pack(hidden: Mask) -> str:
    """A mask (H, W) as text.

    >>> pack(np.eye(3, dtype=bool))
    'iIA'
    """
    return base64.urlsafe_b64encode(np.packbits(hidden).tobytes()).decode().rstrip("=")


def unpack(text: str, height: int, width: int) -> Mask | None:
    """(height, width) True where hidden; None if the text is anything but a mask of that size."""
    n = height * width
    n_bytes = -(-n // 8)
    if len(text) != -(-4 * n_bytes // 3) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        return None
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    hidden = np.unpackbits(np.frombuffer(content, np.uint8))[:n].reshape(height, width).astype(bool)
    return hidden if pack(hidden) == text else None  # bits beyond the last pixel are zero
