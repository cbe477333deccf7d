"""A scatter of many points, fast enough to follow the pointer: raw bytes go to the browser, ids and places come back.

`sprites` sends once what the pointer shows; `scatter` draws the points and returns what was clicked and selected.
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
from pages.components import EXAMPLES, LOOK, WIRE, digest, framed, listens, sources

LAYOUT = 16  # characters of a layout's id
FULL = 65_535  # a coordinate at the far side of the map's box
LEVELS = 254  # of a number, above 1; 0 is none


PARTS = ("points.js", "legend.js", "names.js", "thumbs.js", "turn.js", "scatter.js")  # of the scatter's program

_sprites = st.components.v2.component("latentlab.sprites", js=WIRE + sources("scatter", "sprites.js"))
_more = st.components.v2.component("latentlab.more", js=WIRE + sources("scatter", "more.js"))
_pick = st.components.v2.component("latentlab.pick", js=WIRE + sources("scatter", "pick.js"))
_rings = st.components.v2.component("latentlab.rings", js=WIRE + sources("scatter", "rings.js"))
_scatter = st.components.v2.component(
    "latentlab.scatter",
    html=sources("scatter", "scatter.html"),
    css=LOOK + sources("scatter", "scatter.css"),
    js=EXAMPLES + sources("scatter", *PARTS),
)


@dataclass(frozen=True)
class Click:
    """What was clicked: a point (its index) or an empty place (its coordinates) of the map with a layout's id."""

    point: int | None = None
    place: tuple[float, float] | None = None
    layout: str = ""

    def as_json(self) -> dict[str, Any]:
        """What the component takes and gives."""
        return {"id": self.point, "place": self.place, "layout": self.layout}


@dataclass(frozen=True)
class Picked:
    """What a visitor picked on a map of N points."""

    click: Click | None
    selected: NDArray[np.int64]  # (M,) ascending

    @classmethod
    def checked(cls, clicked: object, selected: object, n: int) -> Picked:
        """What a browser sent, without what can't be."""
        return cls(_click(clicked, n), _ids(selected, n))

    def on(self, layout: str) -> Click | None:
        """What was clicked, as far as it is on a layout: a place of another is not."""
        is_there = self.click is not None and (self.click.place is None or self.click.layout == layout)
        return self.click if is_there else None

    def as_json(self) -> dict[str, Any]:
        """What the component takes and gives."""
        ids = base64.b64encode(self.selected.astype("<u4").tobytes()).decode()
        return {"clicked": self.click.as_json() if self.click is not None else None, "selected": ids}


NOTHING = Picked(None, np.empty(0, np.int64))


class Packed(NamedTuple):
    """A map as it travels."""

    content: bytes  # what scatter.js reads
    n: int  # points
    layout: str  # an id of their places


def sprites(key: str, head: dict[str, Any], sheet: bytes) -> None:
    """Send what the pointer shows of examples: `head` has an id and n.

    It may have their `names`. Of images it has columns, width and height, and `sheet` is a PNG of thumbnails; of others
    it has how they are `drawn`, and `sheet` is their numbers (float32). Without either nothing is drawn.
    """
    _sprites(key=key, data=framed(head) + sheet, height=1)


def more_sprites(key: str, head: dict[str, Any], sheet: bytes) -> None:
    """Send what the pointer shows of the examples that a scatter wanted, and listen for those that it wants next.

    Their ids come as `wanted` of the key's state. `head` has the id of the `points`, the `ids` of those that are sent,
    and what the head of `sprites` has of them.
    """

    _more(key=key, data=framed(head) + sheet, default={"wanted": None}, on_wanted_change=listens, height=1)


def rings(key: str, points: str, of: int | None, ids: NDArray[np.integer]) -> None:
    """Mark points on the scatters of some examples by their rank.

    Args:
        key: of the component.
        points: the id of the examples.
        of: the clicked point that they belong to; with another they are not shown.
        ids: (M,) the nearest first.
    """
    _rings(key=key, data=framed({"points": points, "of": of}) + ids.astype("<u4").tobytes(), height=1)


def pick(key: str, points: str, ids: NDArray[np.integer], selects: bool = True) -> None:
    """Pick points on the scatters of some examples, as if the visitor had; once, until others are to be picked.

    Args:
        key: of this way to pick.
        points: the id of the examples.
        ids: (M,) which of them.
        selects: select them all, and click a single one; else click the first.
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
    reports: bool = True,
    picked: Picked = NOTHING,
    axes: Sequence[str] = (),
    images: bool = False,
) -> Packed:
    """Pack a header and, for each point, two bytes for each coordinate, two of class and one of value.

    Args:
        points: an id of the examples; a new one forgets what was picked.
        xy: (N, 2) places; or (N, 3), which can be turned.
        labels: (N,) class indices, or -1.
        classes: their names.
        colours: "#rrggbb" for each class.
        numbers: colour instead of the class, on a ramp between their 1st and their 99th percentile; gray where there is
            none.
        reports: reports what is picked; of several maps of the same points, which share it, one is enough.
        picked: what is picked when a map of these examples appears; from then on it has its own.
        axes: names of the three coordinates, if they have any.
        images: draw the examples themselves, as far as they don't lie over each other.
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
        "dim": xy.shape[1],
        "points": points,
        "layout": digest(places)[:LAYOUT],
        "low": low.tolist(),
        "span": span,
        "classes": [*classes, *(["no class"] if unlabelled else [])],
        "colours": [*(colours[k % len(colours)] for k in range(len(classes))), *(["#888888"] if unlabelled else [])],
        "symbols": [*map(symbol, range(len(classes))), *([NO_CLASS] if unlabelled else [])],
        "scale": scale,
        "axes": list(axes),
        "images": images,
        "tells": reports,
        "picked": picked.as_json(),
    }
    name = digest(json.dumps(head).encode(), body)
    return Packed(framed({"id": name, **head}) + body, len(xy), str(head["layout"]))


def scatter(key: str, data: Packed, first: Picked = NOTHING) -> Picked:
    """Draw the points and return what is picked, at first what they were packed with: places of any layout."""

    result = _scatter(
        key=key, data=data.content, default=first.as_json(),
        on_clicked_change=listens, on_selected_change=listens,
    )  # fmt: skip
    return Picked.checked(result.clicked, result.selected, data.n)


def _click(value: object, n: int) -> Click | None:
    try:
        fields: Any = value
        if fields["id"] is not None:
            return Click(point=int(fields["id"])) if 0 <= int(fields["id"]) < n else None
        x, y = (float(v) for v in fields["place"])
        fits = math.isfinite(x) and math.isfinite(y)
        return Click(place=(x, y), layout=str(fields["layout"])[:LAYOUT]) if fits else None
    except (TypeError, ValueError, KeyError):
        return None


def _ids(value: object, n: int) -> NDArray[np.int64]:
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        found = np.unique(np.frombuffer(content, "<u4").astype(np.int64))
    except ValueError:
        return np.empty(0, np.int64)
    return found[found < n]
