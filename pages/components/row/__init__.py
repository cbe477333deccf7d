"""An editable row of analogies: a slider for each dimension of the style, decoded in the browser while it moves."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from pages.components import EXAMPLES, LOOK, listens, sources

Code = tuple[float, ...]

_row = st.components.v2.component(
    "latentlab.row",
    html=sources("row", "row.html"),
    css=LOOK + sources("row", "row.css"),
    js=EXAMPLES + sources("row", "row.js"),
)


def row(key: str, data: dict[str, Any], start: Code, limit: float) -> Code:
    """Draw the row and return the style that it stands at; `data` is what row.js reads."""

    result = _row(key=key, data=data, default={"z": list(start)}, on_z_change=listens)
    return checked(result.z, len(start), limit) or start


def checked(value: object, z_dim: int, limit: float) -> Code | None:
    """A style out of what a browser sent; None if it isn't `z_dim` numbers within ±limit."""
    if not isinstance(value, list) or len(value) != z_dim:
        return None
    try:
        code = tuple(float(number) for number in value)
    except (TypeError, ValueError):
        return None
    return code if all(math.isfinite(v) and abs(v) <= limit for v in code) else None
