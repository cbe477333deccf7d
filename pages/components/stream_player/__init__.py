"""Buttons that play a stream which a chart of the page has drawn: covers over the chart hide what is still to come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from latentlab.analysis.arrays import Doubles
from pages.components import LOOK, sources

_player = st.components.v2.component(
    "latentlab.stream_player",
    html=sources("stream_player", "stream_player.html"),
    css=LOOK + sources("stream_player", "stream_player.css"),
    js=sources("stream_player", "stream_player.js"),
)


def stream_player(
    key: str, chart: str, of: str, x: Doubles, when: Sequence[str], raised: Sequence[tuple[int, int]]
) -> None:
    """Offer to play the T readings of a chart, none of which Python is requested for.

    Args:
        key: of the component.
        chart: the key of the container of the chart, whose first axis all panels share.
        of: what is played; with anything else it begins anew, with all of it shown.
        x: (T,) where readings lie on that axis, ascending.
        when: what their times are called.
        raised: of each alarm the reading that raised it, and the one after its end.
    """
    alarms = [{"raised": at, "end": end} for at, end in raised]
    data = {"chart": chart, "of": of, "x": np.asarray(x).tolist(), "when": list(when), "alarms": alarms}
    _player(key=key, data=data)
