"""What a recipe of a run is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A run to be made: its id, its title, and the knobs that differ from their defaults."""

    id: str
    title: str
    model: str
    dataset: str
    note: str
    config: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
