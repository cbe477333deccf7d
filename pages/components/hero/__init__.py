"""A small live plane for the first page: images everywhere, and a large one at the pointer, decoded in the browser."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from pages.components import EXAMPLES, LOOK, listens, sources

_hero = st.components.v2.component(
    "latentlab.hero",
    html=sources("hero", "hero.html"),
    css=LOOK + sources("hero", "hero.css"),
    js=EXAMPLES + sources("explorer", "decoder.js") + sources("hero", "hero.js"),
)


def hero(key: str, data: dict[str, Any]) -> tuple[float, float] | None:
    """Draw it; returns the place that was clicked, within ±limit of `data`, else None."""

    place: Any = _hero(key=key, data=data, on_place_change=listens).place
    try:
        x, y = (float(value) for value in place)
    except (TypeError, ValueError):
        return None
    limit = float(data["limit"])
    return (x, y) if all(math.isfinite(v) and abs(v) <= limit for v in (x, y)) else None
