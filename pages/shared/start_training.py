"""Starting a training from a form: a second click starts nothing twice, and what is wrong is a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from latentlab.data import DataError
from latentlab.knobs import KnobError
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from pages.shared.text import plain
from pages.shared.training_view import start_worker
from pages.shared.visit import Slot

TWICE = 3.0  # seconds within which the same training, started again, is a second click
STARTED: Slot[tuple[str, float]] = Slot("training-started")  # the settings of the last training, and when


def start_training(store: Store, submit: Callable[[], None], *settings: object) -> None:
    """Do what the button of a form is for: queue its trainings, let a worker train them, and draw the page again.

    Args:
        store: of the jobs.
        submit: queues them and lets the page show them; DataError, KnobError and RunError are said.
        settings: of the form; the same ones within `TWICE` are a second click, which does nothing.
    """
    last, at = STARTED.get(("", 0.0))
    if repr(settings) == last and time.monotonic() - at <= TWICE:
        return
    try:
        submit()
    except (DataError, KnobError, RunError) as error:
        st.error(plain(str(error)))
    else:
        STARTED.set((repr(settings), time.monotonic()))
        start_worker(store)
        st.rerun()
