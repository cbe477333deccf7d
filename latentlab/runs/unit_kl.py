"""What each unit of each latent layer carried in the course of a training: `unit_kl.csv` in the run's folder.

It has one row an epoch: its number, and the nats of each unit by the names of `usage_row`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from latentlab.runs.store import Store
from latentlab.serialization import history_csv, read_history, write

FILE = "unit_kl.csv"


def read(store: Store, run_id: str) -> list[dict[str, float]]:
    """The rows, as `usage_history` takes them; none of a model without latent layers.

    Raises:
        RunError: as `Store.folder`.
    """
    return read_history(store.folder(run_id) / FILE)


def add(folder: Path, row: Mapping[str, float]) -> None:
    """Add a row to the file of a training, in place of those that are not before its "epoch"."""
    before = [one for one in read_history(folder / FILE) if one.get("epoch", math.inf) < row["epoch"]]
    write(folder / FILE, history_csv([*before, row]).encode())
