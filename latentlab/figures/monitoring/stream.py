"""A stream: each sensor with what was expected of it, and below them the score with its threshold and its alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.figures.text import literal
from latentlab.figures.theme import MARK, Theme, styled

SENSOR, SCORES = 80, 190  # pixels of a sensor's panel, and of the scores'
DAY = 24 * 60  # minutes
ALARM = "#d1495b"
UNSEEN: dict[str, Any] = {"marker": {"opacity": 0}}
CLICKED: dict[str, Any] = {"marker": {"size": 12, "opacity": 0}, "selected": UNSEEN, "unselected": UNSEEN}  # of a line


class Axis(Enum):
    """What readings are drawn over."""

    DAY = "minutes of a day"
    DATES = "seconds from 1970"
    ROWS = "numbers of rows"


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn of T readings.

    Attributes:
        x: (T,) minutes of a day, seconds from 1970, or numbers of rows.
        axis: which of them.
        when: what each is called.
        readings: (T, D) in the user's units.
        expected: (T, D) what the model expected.
        scores: (T,).
        threshold: above which a score counts.
        unit: of the scores.
        spans: (start, end) of each alarm, readings.
        chosen: the reading that is looked at.
        begin: the first reading with a fault; T where there is none.
    """

    x: Doubles | Labels
    axis: Axis
    when: Sequence[str]
    readings: Doubles
    expected: Doubles
    scores: Doubles
    threshold: float
    unit: str
    spans: Sequence[tuple[int, int]]
    chosen: int
    begin: int

    @property
    def places(self) -> Doubles | Labels:
        """(T,) where the readings lie on the axis: dates in milliseconds."""
        return self.x * 1000 if self.axis is Axis.DATES else self.x


def stream_figure(drawn: Drawn, names: Sequence[str], look: Theme) -> go.Figure:
    """Curves of D sensors above the curve of the scores, on an asinh axis; alarms are shaded.

    Args:
        drawn: the stream.
        names: of the sensors, with their units.
        look: colours.
    """
    d, when, x = len(names), drawn.when, drawn.places
    heights = [SENSOR] * d + [SCORES]
    figure = make_subplots(
        d + 1, 1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.22 / (d + 1),
        subplot_titles=[literal(name) for name in (*names, f"score, {drawn.unit}: how strange")],
    )  # fmt: skip
    for k in range(d):
        for values, name, line in (
            (drawn.expected[:, k], "expected", {"color": look.muted, "width": 1.5, "dash": "dot"}),
            (drawn.readings[:, k], "read", {"color": look.accent, "width": 1.5}),
        ):
            figure.add_scatter(
                x=x, y=values, mode="lines", name=name, line=line, showlegend=k == 0, legendgroup=name,
                text=when, hovertemplate=f"%{{text}}: {name} %{{y:.4g}}<extra></extra>", row=k + 1, col=1,
            )  # fmt: skip
    figure.add_scatter(
        x=x, y=np.arcsinh(drawn.scores), customdata=drawn.scores, text=when, mode="lines+markers",
        showlegend=False, line={"color": look.text, "width": 1.5}, **CLICKED,
        hovertemplate="%{text}: score %{customdata:.3g}<extra></extra>",
        row=d + 1, col=1,
    )  # fmt: skip
    level = float(np.arcsinh(drawn.threshold))
    figure.add_hline(level, row=d + 1, col=1, line={"color": ALARM, "dash": "dash", "width": 1.5})
    figure.update_annotations(font={"size": 12, "color": look.muted}, x=0, xanchor="left")
    last = len(x) - 1
    shapes = [_band(x[start], x[min(end, last)], ALARM, start <= drawn.chosen < end) for start, end in drawn.spans]
    if drawn.begin <= last:
        shapes.append(_line(x[drawn.begin], look.text, "dash"))
    shapes.append(_line(x[min(drawn.chosen, last)], MARK, "solid"))
    figure.update_layout(shapes=[*figure.layout.shapes, *shapes])
    values = drawn.scores[np.isfinite(drawn.scores)]
    figure.update_yaxes(nticks=3)
    figure.update_yaxes(**asinh_ticks(np.append(values, drawn.threshold)), row=d + 1, col=1)
    figure.update_xaxes(range=[float(x[0]), float(x[-1])] if last else None)
    if drawn.axis is Axis.DAY:
        hours = range(int(x[0]) // 60 + 1, int(x[-1]) // 60 + 1, 2)
        ticks = {"tickvals": [60 * hour for hour in hours], "ticktext": [f"{hour}:00" for hour in hours]}
        figure.update_xaxes(**ticks)
    elif drawn.axis is Axis.DATES:
        figure.update_xaxes(type="date")
    else:
        figure.update_xaxes(title_text="reading", row=d + 1, col=1)
    height = sum(heights) + 60
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"}
    return styled(figure, look, height, margin={"l": 8, "r": 8, "t": 34, "b": 8}, hovermode="closest", legend=legend)


def asinh_ticks(values: Doubles) -> dict[str, list[float] | list[str]]:
    """Where an axis of asinh(v) is labelled, and with which v: 0, and powers of ten on both sides."""
    low, high = float(values.min()), float(values.max())
    powers = [10.0**k for k in range(1, 13)]
    marks = [v for v in (*(-p for p in reversed(powers)), 0.0, *powers) if low <= v <= high] or [low, high]
    marks = marks[:: -(-len(marks) // 5)]
    return {"tickvals": [float(np.arcsinh(v)) for v in marks], "ticktext": [f"{v:,.0f}" for v in marks]}


def _band(start: float, end: float, colour: str, is_chosen: bool) -> dict[str, object]:
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": float(start), "x1": float(end), "y0": 0, "y1": 1,
        "fillcolor": colour, "opacity": 0.22 if is_chosen else 0.1, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _line(x: float, colour: str, dash: str) -> dict[str, object]:
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": float(x), "x1": float(x), "y0": 0, "y1": 1,
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }  # fmt: skip
