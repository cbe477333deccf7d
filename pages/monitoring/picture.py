"""The main picture: sensors with what was expected of them, the score with its alarms, and buttons that play them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from latentlab.analysis.columns import most_varied
from latentlab.analysis.monitoring.alarms import Alarm
from latentlab.analysis.monitoring.scores import unit
from latentlab.figures.monitoring.stream import Drawn, stream_figure
from latentlab.subjects import Subject
from pages.components.stream_player import stream_player
from pages.monitoring.watched import Watched, axis_of, clock, names
from pages.shared import cached
from pages.shared.header import look
from pages.shared.present import enlarged
from pages.shared.visit import Slot

PICTURE: Slot[Any] = Slot("stream")
ALARM: Slot[str] = Slot("alarm")  # the widget that chooses it
MOST = 8  # sensors drawn


def draw_picture(run: Subject, found: Watched, labels: Mapping[str, Alarm], threshold: float, at: int, of: str) -> None:
    """The figure, and the player under it.

    Args:
        run: the model.
        found: the stream with its scores.
        labels: its alarms by what the widget calls them, so that a click chooses one.
        threshold: of the scores.
        at: the reading that is looked at.
        of: a name of the stream.
    """
    spans = list(labels.values())
    stream, shown, (axis, x) = found.stream, drawn_sensors(found), axis_of(found.stream)
    drawn = Drawn(
        x, axis, clock(stream, range(len(x))), stream.newest[:, shown], found.mean[:, shown], found.scores,
        threshold, unit(cached.model(run)), [(one.start, one.end) for one in spans], at, stream.begin,
    )  # fmt: skip
    st.plotly_chart(
        enlarged(stream_figure(drawn, [names(run)[k] for k in shown], look())), theme=None, key=PICTURE.name,
        on_select=partial(_clicked, labels), selection_mode="points", config={"displayModeBar": False},
        alt="The sensors, what was expected of them, and below them the score with its alarms",
    )  # fmt: skip
    raised = [(one.raised, one.end) for one in spans]
    stream_player("play-stream", PICTURE.name, of, np.asarray(drawn.places, np.float64), drawn.when, raised)


def drawn_sensors(found: Watched) -> list[int]:
    """Those that vary most, where there are many."""
    x = found.newest
    x = x[np.isfinite(x).all(1)]
    return most_varied(x, np.median(x, 0), MOST) if x.shape[1] > MOST else list(range(x.shape[1]))


def _clicked(labels: Mapping[str, Alarm]) -> None:
    for point in PICTURE.get({"selection": {"points": []}})["selection"]["points"]:
        at = point.get("point_index", -1)
        for name, one in labels.items():
            if one.start <= at < one.end:
                ALARM.set(name)
