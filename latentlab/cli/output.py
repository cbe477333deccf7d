"""What the command line prints of a run."""

from __future__ import annotations

import json
from typing import Any

from latentlab.models import abilities
from latentlab.runs.run import Run


def summary(run: Run) -> str:
    """Steps, seconds and the metrics of a run, in words."""
    shown = [f"{name} {value:.4g} {run.unit(name)}".strip() for name, value in run.metrics.items()]
    return f"{run.steps:,} steps in {run.seconds:.0f} s; test " + ", ".join(shown)


def as_json(run: Run) -> dict[str, Any]:
    """What `run.json` says, and the abilities of its model."""
    values: dict[str, Any] = json.loads(run.to_json())
    return values | {"abilities": abilities(run.kind)}
