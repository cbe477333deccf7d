"""A second click on a button that starts a training: what was started just now isn't started again."""

from __future__ import annotations

import time

from pages.shared.visit import Slot

TWICE = 3.0  # seconds within which the same training, started again, is a second click
STARTED: Slot[tuple[str, float]] = Slot("training-started")  # the settings of the last training, and when


def is_second_click(*settings: object) -> bool:
    """Whether a training of these settings was started just now."""
    last, at = STARTED.get(("", 0.0))
    return repr(settings) == last and time.monotonic() - at <= TWICE


def was_started(*settings: object) -> None:
    """Remember that a training of these settings is started now."""
    STARTED.set((repr(settings), time.monotonic()))
