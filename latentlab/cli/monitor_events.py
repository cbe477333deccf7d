"""What `latentlab monitor` says besides alarms: of times, of sensors whose unit may have changed, and of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentlab.analysis.monitoring.unit_watch import ChangedSensor
from latentlab.data.files.readings.stream_times import Event

TEXTS = {
    "gap": "Nothing was read for a while: an alarm that was open is over.",
    "clock": "The time goes back, as when a clock is set: readings are taken as they come.",
    "same time": "Left out: the time is that of the reading before.",
    "coarse times": "Most readings have the time of the one before: those aren't left out.",
    "shrunk": "The file is shorter: read anew.",
    "replaced": "Another file has its name: read from its start.",
}  # of events


def said_of(event: str, reading: int) -> dict[str, Any]:
    """One of `TEXTS`, before a reading."""
    return {"event": event, "reading": reading, "text": TEXTS[event]}


def happened(one: Event, reading: int) -> dict[str, Any]:
    """Something about the times, before the readings from one on."""
    about: dict[str, Any] = {"time": one.at}
    if one.n > 1 or not one.seconds:
        about["readings"] = one.n
    if one.seconds:
        about["seconds"] = float(f"{one.seconds:.6g}")
    return said_of(one.kind, reading + one.row) | about


def unit_changed(one: ChangedSensor, names: Sequence[str]) -> dict[str, Any]:
    """A sensor whose unit may have changed, since the first reading of an alarm."""
    which = "before" if one.is_back else "since"
    text = f"The readings {which} are as if {one.conversion.text}: its unit may have changed."
    return {"event": "unit", "reading": one.start, "sensor": names[one.column], "text": text}
