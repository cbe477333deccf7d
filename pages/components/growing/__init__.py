"""An image that grows pixel by pixel, with what was expected of each: played, stepped, and a pixel chosen by click."""

from __future__ import annotations

import base64

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components import LOOK, WIRE, listens, sources

_growing = st.components.v2.component(
    "latentlab.growing",
    html=sources("growing", "growing.html"),
    css=LOOK + sources("growing", "growing.css"),
    js=WIRE + sources("growing", "growing.js"),
)


def growing(key: str, x: NDArray[np.uint8], expected: NDArray[np.uint8], bits: NDArray[np.float32], pixel: int) -> int:
    """Draw an image up to a pixel, in the order of reading; returns the pixel that is chosen.

    Args:
        key: of the component.
        x: (H, W) the finished image.
        expected: (H, W) the mean of each pixel when it was its turn.
        bits: (H, W) what it cost.
        pixel: the one that is chosen when the component appears; from then on it has its own.
    """
    data = {
        "shape": list(x.shape),
        "pixel": pixel,
        "drawn": base64.b64encode(x.tobytes()).decode(),
        "expected": base64.b64encode(expected.tobytes()).decode(),
        "bits": base64.b64encode(np.ascontiguousarray(bits, "<f4").tobytes()).decode(),
    }
    result = _growing(key=key, data=data, default={"pixel": pixel}, on_pixel_change=listens)
    chosen: object = result.pixel
    is_one = isinstance(chosen, int) and not isinstance(chosen, bool) and 0 <= chosen < x.size
    return int(chosen) if is_one and isinstance(chosen, int) else pixel
