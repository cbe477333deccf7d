"""The interactive latent space: decoded in the browser during a drag, reported when the drag ends.

`weights` sends a decoder once; `explorer` draws the plane, the image and the sliders, and returns where they stand.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components import EXAMPLES, LOOK, WIRE, listens, sources

Code = tuple[float, ...]


@dataclass(frozen=True)
class View:
    """Where the visitor is: the code, the pinned codes, and the two directions of the plane."""

    z: Code
    pins: tuple[Code, ...] = ()
    axes: tuple[int, int] = (0, 1)

    @classmethod
    def checked(cls, value: object, z_dim: int, n_directions: int, limit: float) -> View | None:
        """A view out of what a browser sent; None if it isn't one of a code of `z_dim` numbers within ±limit."""

        def code(numbers: object) -> Code:
            if not isinstance(numbers, list) or len(numbers) != z_dim:
                raise ValueError("not a code")
            values = tuple(float(number) for number in numbers)
            if not all(math.isfinite(v) and abs(v) <= limit for v in values):
                raise ValueError("not a place")
            return values

        try:
            fields: Any = value
            axes = tuple(int(axis) for axis in fields["axes"])
            if len(axes) != 2 or not all(0 <= axis < n_directions for axis in axes):
                return None
            return cls(code(fields["z"]), tuple(code(pin) for pin in fields["pins"][:8]), (axes[0], axes[1]))
        except (TypeError, ValueError, KeyError):
            return None

    def as_json(self) -> dict[str, Any]:
        """What the component takes and gives."""
        return {"z": list(self.z), "pins": [list(pin) for pin in self.pins], "axes": list(self.axes)}


_weights = st.components.v2.component("latentlab.weights", js=WIRE + sources("explorer", "decoder.js", "weights.js"))
_originals = st.components.v2.component("latentlab.originals", js=EXAMPLES + sources("explorer", "originals.js"))
_explorer = st.components.v2.component(
    "latentlab.explorer",
    html=sources("explorer", "explorer.html"),
    css=LOOK + sources("explorer", "explorer.css"),
    js=EXAMPLES + sources("explorer", "decoder.js", "reality.js", "legend.js", "plane.js", "explorer.js"),
)


def weights(key: str, program: bytes) -> None:
    """Send a decoder to the browser; it is sent again only if it changes."""
    _weights(key=key, data=program, height=1)


def originals(key: str, data: dict[str, Any]) -> None:
    """Send the examples that can be encoded; they are sent again only if they change."""
    _originals(key=key, data=data, height=1)


def explorer(key: str, data: dict[str, Any], start: View, n_directions: int, limit: float) -> View:
    """Draw the explorer and return where it stands; `data` is what explorer.js reads."""

    result = _explorer(key=key, data=data, default={"view": start.as_json()}, on_view_change=listens)
    return View.checked(result.view, len(start.z), n_directions, limit) or start


def packed(values: NDArray[Any]) -> str:
    """An array's bytes as text."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
