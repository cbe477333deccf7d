"""Where the user's own files are."""

from __future__ import annotations

import os
from pathlib import Path

FIRST_DATA = "LATENTLAB_FIRST_DATA"  # set by the command that starts the app


def runs() -> Path:
    """The folder of the user's runs, and of the data they were trained on: `$LATENTLAB_RUNS`, or `runs/` here."""
    return Path(os.environ.get("LATENTLAB_RUNS") or Path(__file__).parents[1] / "runs")


def first_data() -> str:
    """The name of the data set that the app was started with; empty for none."""
    return os.environ.get(FIRST_DATA, "")


def served() -> Path:
    """The folder where models of the user's own that are served say where they are."""
    return runs() / ".served"
