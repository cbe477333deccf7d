"""A figure of the plane on a canvas as wide as its column: clicks, dragged boxes and painted points come back.

It draws of Plotly's figures what a field needs (heat maps, contours, lines, markers), in equal scales, so that what a
figure contains is said once, in the library. The places travel as raw numbers, after a header.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.box import Box
from pages.components import LOOK, TYPE, WIRE, digest, framed, sources

Place = tuple[float, float]
Drag = Literal["", "box", "points"]  # what a drag draws; a click is a place whatever a drag is
FARTHEST = 1e6  # of a coordinate
MOST = 2_000  # points of one stroke

_plane = st.components.v2.component(
    "latentlab.plane",
    html=sources("plane", "plane.html"),
    css=LOOK + sources("plane", "plane.css"),
    js=WIRE + TYPE + sources("plane", "traces.js", "plane.js"),
)


@dataclass(frozen=True)
class Gesture:
    """What a visitor did on the plane: clicked a place, dragged a box, or painted points.

    Attributes:
        place: that was clicked.
        box: that was dragged.
        strokes: that were painted, each with its number; the same stroke may come again until it is drawn.
    """

    place: Place | None = None
    box: Box | None = None
    strokes: tuple[tuple[int, tuple[Place, ...]], ...] = ()

    @classmethod
    def checked(cls, value: object) -> Gesture | None:
        """What a browser sent; None if it is no gesture.

        >>> Gesture.checked({"place": [0, 1]})
        Gesture(place=(0.0, 1.0), box=None, strokes=())
        """
        if not isinstance(value, dict):
            return None
        try:
            if "box" in value:
                (left, lower), (right, upper) = (_place(corner) for corner in value["box"])
                box = Box(left, right, lower, upper)
                return cls(box=box) if box.is_proper else None
            if "strokes" in value:
                strokes = ((int(one["serial"]), one["points"][:MOST]) for one in value["strokes"])
                return cls(strokes=tuple((serial, tuple(map(_place, points))) for serial, points in strokes))
            return cls(place=_place(value["place"]))
        except (TypeError, ValueError, KeyError):
            return None


def plane(
    key: str,
    figure: go.Figure,
    alt: str,
    drag: Drag = "",
    start: Place | None = None,
    painted: int = 0,
    readings: Mapping[str, NDArray[np.floating]] | None = None,
    on_gesture: Callable[[], None] = lambda: None,
) -> None:
    """Draw a figure; a gesture is in the state under the key while `on_gesture` is called.

    Args:
        key: of the component.
        figure: with ranges of both axes.
        alt: what it shows, for those who can't see it.
        drag: what a drag draws.
        start: where the cursor of the keys is at first.
        painted: the number of the last stroke that is drawn.
        readings: (n, n) numbers over the whole of the plane, row by row from the lowest, which are said of the place
            under the pointer, by name.
        on_gesture: is called when the visitor has clicked or dragged.
    """
    _plane(key=key, data=pack(figure, alt, drag, start, painted, readings or {}), on_gesture_change=on_gesture)


def gesture(state: object) -> Gesture | None:
    """What the visitor did, of the state under the key of a `plane`."""
    return Gesture.checked(getattr(state, "gesture", None))


def pack(
    figure: go.Figure, alt: str, drag: Drag, start: Place | None, painted: int,
    readings: Mapping[str, NDArray[np.floating]],
) -> bytes:  # fmt: skip
    """What plane.js reads: a header, and float32: z of layers, x and y of all else, and the readings."""
    traces, body = [], list[bytes]()
    for trace in figure.data:
        fields = {name: value for name, value in trace.to_plotly_json().items() if name not in ("x", "y", "z")}
        fields["name"] = unescape(trace.name or "")  # which Plotly takes for markup, and a canvas doesn't
        is_layer = trace.type in ("heatmap", "contour")
        if is_layer:
            fields["ends"] = [float(end) for axis in (trace.x, trace.y) for end in (axis[0], axis[-1])]
        arrays = [np.asarray(values, "<f4") for values in ((trace.z,) if is_layer else (trace.x, trace.y))]
        traces.append(fields | {"shape": arrays[0].shape})
        body += [array.tobytes() for array in arrays]
    body += [np.asarray(values, "<f4").tobytes() for values in readings.values()]
    head = {
        "box": [*figure.layout.xaxis.range, *figure.layout.yaxis.range],
        "alt": alt,
        "drag": drag,
        "start": start,
        "painted": painted,
        "traces": traces,
        "readings": {name: len(values) for name, values in readings.items()},
    }
    name = digest(json.dumps(head).encode(), *body)
    return framed({"id": name, **head}) + b"".join(body)


def _place(value: object) -> Place:
    x, y = (float(part) for part in value)  # type: ignore[attr-defined]
    if not all(math.isfinite(v) and abs(v) <= FARTHEST for v in (x, y)):
        raise ValueError("not a place")
    return x, y
