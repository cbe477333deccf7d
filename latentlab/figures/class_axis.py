"""Axes along which there are classes: with their names where these can be read, else with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentlab.figures.text import literal

MOST_NAMES = 20  # along an axis
MOST_TICKS = 12  # numbers along an axis with more classes
LONGEST = 16  # characters of a name
MOST_WRITTEN = 20  # classes of a matrix in whose cells numbers are written


def class_axis(classes: Sequence[str]) -> dict[str, Any]:
    """The layout of an axis over classes: names, long ones shortened after their number; of many the numbers, from 1.

    What is drawn lies at their names as `literal` gives them; what hovers still has the whole name.
    """
    step = 1 if len(classes) <= MOST_NAMES else -(-len(classes) // MOST_TICKS)
    at = range(0, len(classes), step)
    text = [literal(_short(k, classes[k])) if step == 1 else str(k + 1) for k in at]
    return {"type": "category", "tickmode": "array", "tickvals": [literal(classes[k]) for k in at], "ticktext": text}


def written(classes: Sequence[str]) -> bool:
    """Whether there is room for a number in each cell of a matrix between classes."""
    return len(classes) <= MOST_WRITTEN


def _short(k: int, name: str) -> str:
    return name if len(name) <= LONGEST else f"{k + 1} {name[: LONGEST - 4].rstrip()}…"
