"""Does a layer know more than the one before it? Statistics of a curve of probe errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Monotonicity:
    """How the errors fall with depth.

    Attributes:
        violations: layers with a larger error than the one before them.
        spearman: rank correlation of depth and error: -1 where it always falls; NaN where all errors are the same.
        kendall: the same by pairs that are in order.
        drop: the layer with the largest fall from the one before it.
        largest: that fall.
    """

    violations: list[str]
    spearman: float
    kendall: float
    drop: str
    largest: float


def monotonicity(errors: Mapping[str, float]) -> Monotonicity:
    """Statistics of errors by layer, in the order of depth.

    Raises:
        ValueError: fewer than two layers, or errors that aren't numbers.
    """
    from scipy.stats import kendalltau, spearmanr

    names, values = list(errors), np.array(list(errors.values()), float)
    if len(values) < 2 or not np.isfinite(values).all():
        raise ValueError("It takes the errors of at least two layers, all of them numbers.")
    steps = np.diff(values)
    flat = bool((steps == 0).all())
    depth = np.arange(len(values))
    return Monotonicity(
        violations=[name for name, step in zip(names[1:], steps, strict=True) if step > 0],
        spearman=float("nan") if flat else float(spearmanr(depth, values).statistic),
        kendall=float("nan") if flat else float(kendalltau(depth, values).statistic),
        drop=names[1 + int(steps.argmin())],
        largest=float(-steps.min()),
    )
