"""What the command line prints of a run, and of a model of the user's own."""

from __future__ import annotations

import json
from typing import Any

from latentlab.models import abilities
from latentlab.runs.run import Run
from latentlab.subjects import OwnModel


def summary(run: Run) -> str:
    """Steps, seconds and the metrics of a run, in words."""
    shown = [f"{name} {value:.4g} {run.unit(name)}".strip() for name, value in run.metrics.items()]
    return f"{run.steps:,} steps in {run.seconds:.0f} s; test " + ", ".join(shown)


def as_json(run: Run) -> dict[str, Any]:
    """What `run.json` says, and the abilities of its model."""
    values: dict[str, Any] = json.loads(run.to_json())
    return values | {"abilities": abilities(run.kind)}


def found_in(own: OwnModel) -> str:
    """What a model of the user's own can do, what was found out about its functions, and where it is shown."""
    can = ", ".join(own.described.abilities)
    start = f"“{own.title}”, looked at with {own.dataset}: {can}."
    return " ".join(filter(None, (start, own.note, "The first page links to the pages that show it.")))
