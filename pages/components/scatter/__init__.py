"""A scatter of many points, fast enough to follow the pointer: raw bytes go to the browser, ids and places come back.

`sprites` sends a sheet of thumbnails once; `scatter` draws the points and returns what was clicked and selected.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.maps.colourings import Numbers
from latentlab.figures.theme import NO_CLASS, symbol
from pages.components import LOOK, digest, framed, sources

FULL = 65_535  # a coordinate at the far side of the map's box
LEVELS = 254  # of a number, above 1; 0 is none


_sprites = st.components.v2.component("latentlab.sprites", js=sources("scatter", "sprites.js"))
_pick = st.components.v2.component("latentlab.pick", js=sources("scatter", "pick.js"))
_scatter = st.components.v2.component(
    "latentlab.scatter",
    html=sources("scatter", "scatter.html"),
    css=LOOK + sources("scatter", "scatter.css"),
    js=sources("scatter", "points.js", "legend.js", "scatter.js"),
)


@dataclass(frozen=True)
class Click:
    """What was clicked: a point (its index) or an empty place of the map (its coordinates)."""

    point: int | None = None
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class Picked:
    """What a visitor picked on a map of N points."""

    click: Click | None
    selected: NDArray[np.int64]  # (M,) ascending

    @classmethod
    def checked(cls, clicked: object, selected: object, n: int, layout: str | None = None) -> Picked:
        """What a browser sent, without what can't be; a place of another layout than the one named is left out."""
        return cls(_click(clicked, n, layout), _ids(selected, n))


class Packed(NamedTuple):
    """A map as it travels."""

    content: bytes  # what scatter.js reads
    n: int  # points
    layout: str  # an id of their places


def sprites(key: str, head: dict[str, Any], sheet: bytes) -> None:
    """Send a sheet of thumbnails: `head` has id, n, columns, width and height; `sheet` is a PNG."""
    _sprites(key=key, data=framed(head) + sheet, height=1)


def pick(key: str, points: str, ids: NDArray[np.integer], selects: bool = True) -> None:
    """Pick points on the scatters of some examples, as if the visitor had; once, until others are to be picked.

    Args:
        key: of this way to pick.
        points: the id of the examples.
        ids: (M,) which of them.
        selects: select them all, instead of clicking the first.
    """
    body = ids.astype("<u4").tobytes()
    head = {"key": key, "id": digest(points.encode(), body), "points": points, "selects": selects}
    _pick(key=f"pick {key}", data=framed(head) + body, height=1)


def pack(
    points: str,
    xy: NDArray[np.floating],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    colours: Sequence[str],
    numbers: Numbers | None = None,
    sprite_id: str | None = None,
    reports: bool = True,
) -> Packed:
    """Pack a header and, for each point, four bytes of place, two of class and one of value.

    Args:
        points: an id of the examples; a new one forgets what was picked.
        xy: (N, 2) places.
        labels: (N,) class indices, or -1.
        classes: their names.
        colours: "#rrggbb" for each class.
        numbers: colour instead of the class, on a ramp between their 1st and their 99th percentile; gray where there is
            none.
        sprite_id: the sheet of thumbnails that `sprites` sent.
        reports: reports what is picked; of several maps of the same points, which share it, one is enough.
    """
    columns = np.ascontiguousarray(xy.T, np.float64)  # ten times as fast to look through as pairs
    low, high = columns.min(1), columns.max(1)
    span = float((high - low).max()) or 1.0
    low -= (span - (high - low)) / 2  # the shorter side is centered
    places = ((xy - low) * (FULL / span) + 0.5).astype("<u2")  # rounded
    label = np.where(labels < 0, len(classes), labels).astype("<u2")
    body = places.tobytes() + label.tobytes()
    scale = None
    if numbers is not None:
        values = np.asarray(numbers.values, np.float64)
        known = np.isfinite(values)
        first, last = (float(v) for v in np.percentile(values[known], [1, 99])) if known.any() else (0.0, 0.0)
        share = (values - first) * (LEVELS / ((last - first) or 1.0))
        body += np.where(known, 1.5 + share.clip(0, LEVELS), 0).astype(np.uint8).tobytes()
        scale = {"name": numbers.name, "low": first, "high": last}
    unlabelled = bool((labels < 0).any())
    head = {
        "n": len(xy),
        "points": points,
        "layout": digest(places),
        "low": low.tolist(),
        "span": span,
        "classes": [*classes, *(["no class"] if unlabelled else [])],
        "colours": [*(colours[k % len(colours)] for k in range(len(classes))), *(["#888888"] if unlabelled else [])],
        "symbols": [*map(symbol, range(len(classes))), *([NO_CLASS] if unlabelled else [])],
        "scale": scale,
        "sprites": sprite_id,
        "tells": reports,
    }
    name = digest(json.dumps(head).encode(), body)
    return Packed(framed({"id": name, **head}) + body, len(xy), str(head["layout"]))


def scatter(key: str, data: Packed) -> Picked:
    """Draw the points and return what is picked."""

    def changed() -> None:
        """Components report a value only if someone listens."""

    result = _scatter(
        key=key, data=data.content, default={"clicked": None, "selected": ""},
        on_clicked_change=changed, on_selected_change=changed,
    )  # fmt: skip
    return Picked.checked(result.clicked, result.selected, data.n, data.layout)


def _click(value: object, n: int, layout: str | None) -> Click | None:
    try:
        fields: Any = value
        if fields["id"] is not None:
            return Click(point=int(fields["id"])) if 0 <= int(fields["id"]) < n else None
        x, y = (float(v) for v in fields["place"])
        here = layout is None or fields["layout"] == layout
        return Click(place=(x, y)) if here and math.isfinite(x) and math.isfinite(y) else None
    except (TypeError, ValueError, KeyError):
        return None


def _ids(value: object, n: int) -> NDArray[np.int64]:
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        found = np.unique(np.frombuffer(content, "<u4").astype(np.int64))
    except ValueError:
        return np.empty(0, np.int64)
    return found[found < n]
