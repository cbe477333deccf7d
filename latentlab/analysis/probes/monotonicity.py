"""Does a layer know more than the one before it? Statistics of a curve of probe errors, and the source's own curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# Alain, thesis (2018), Fig. 9.4a: validation error on ImageNet of probes of a pretrained ResNet-50, at the input and at
# the 16 sums of a block and its shortcut, features averaged over the positions.
RESNET_50: Mapping[str, float] = {
    "input_1": 0.99, "add_1": 0.94, "add_2": 0.89, "add_3": 0.88, "add_4": 0.87, "add_5": 0.82, "add_6": 0.79,
    "add_7": 0.76, "add_8": 0.77, "add_9": 0.69, "add_10": 0.67, "add_11": 0.62, "add_12": 0.57, "add_13": 0.51,
    "add_14": 0.41, "add_15": 0.39, "add_16": 0.31,
}  # fmt: skip


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
