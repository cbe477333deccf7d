"""Where the user's own things are kept."""

from __future__ import annotations

import os
from pathlib import Path


def runs() -> Path:
    """The folder of the user's runs, and of the data they were trained on: `$LATENTLAB_RUNS`, or `runs/` here."""
    return Path(os.environ.get("LATENTLAB_RUNS") or Path(__file__).parents[1] / "runs")
