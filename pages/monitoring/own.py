"""Readings of the user's own: a file that is dropped on the page, and what of it doesn't fit the sensors of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from latentlab.analysis.monitoring.units import other_units
from latentlab.data import DataError
from latentlab.data.files.archives import counted, shown
from latentlab.experiments.monitoring.streams import Stream
from latentlab.export.csv_text import csv_text
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.subjects import Subject
from pages.components import digest
from pages.monitoring.watched import Own, names, normal_readings, readings
from pages.shared.downloads import download
from pages.shared.text import plain
from pages.shared.uploads import safe_name
from pages.shared.visit import Slot

SIMULATED, MINE = "simulated", "my own"
WHOSE = (SIMULATED, MINE)
BROUGHT: Slot[Own] = Slot("own-readings")  # the file, which stays while the widget isn't drawn
UPLOADED: Slot[Any] = Slot("upload-readings")  # the widget that uploads it
MOST_BYTES = 64 << 20
UNTIL_THEN = "Until then a simulated stream."
FIRST, DAY = float(np.datetime64("2026-01-01", "s").astype(int)), 86_400.0  # seconds: where simulated days begin


def bring(run: Subject) -> Own | None:
    """Draw the field; returns the file that was dropped last, None where there is none that fits the run."""
    why = FOR_LOOKING if is_read_only() else f"columns: {', '.join(names(run))}; a column of times labels the axis"
    st.file_uploader("Your readings", key=UPLOADED.name, on_change=_keep, help=why, disabled=is_read_only())
    own = BROUGHT.get()
    if own is None:
        st.caption(f"A table such as a CSV, with a column of each sensor by its name. {UNTIL_THEN}")
        return None
    try:
        if len(own.content) > MOST_BYTES:
            most = f"{MOST_BYTES >> 20} MB"
            raise DataError(f"{shown(own.name)} has more than {most}: `latentlab monitor` takes any number.")
        found = readings(run, own)
    except DataError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.caption(UNTIL_THEN)
        return None
    said = [f"{shown(own.name)}: {counted(len(found.numbers), 'reading')}.", *found.notes, *_units(run, own)]
    st.caption(" ".join(map(plain, said)))
    return own


def _units(run: Subject, own: Own) -> list[str]:
    """Which sensors may be in other units."""
    return [
        f"“{names(run)[one.sensor]}” may be in another unit: {one.read:.4g} in the middle, {one.usual:.4g} was learned."
        for one in other_units(readings(run, own).numbers, normal_readings(run))
    ]


def download_stream(run: Subject, stream: Stream, day: int) -> None:
    """Offer a stream as a file that the field takes.

    Args:
        run: whose sensors they are.
        stream: its readings.
        day: of a year, of the simulated plant.
    """

    def content() -> str:
        times = stream.times
        if stream.is_day:
            times = np.asarray(FIRST + (day - 1) * DAY + 60.0 * stream.minute)
        rows = [[f"{value:.6g}" for value in row] for row in stream.newest.tolist()]
        if times is None:
            return csv_text([names(run), *rows])
        stamps = np.round(times).astype("datetime64[s]").astype(str).tolist()
        return csv_text([["time", *names(run)], *([at, *row] for at, row in zip(stamps, rows, strict=True))])

    download("These readings", content, "readings.csv", "A table with a column of each sensor")


def _keep() -> None:
    file = UPLOADED.get()
    if file is None:
        BROUGHT.forget()
        return
    content = file.getvalue()
    BROUGHT.set(Own(safe_name(file.name), content, digest(file.name.encode(), content)))
