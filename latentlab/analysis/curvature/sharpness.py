"""The largest eigenvalue against what a step size can bear: a step along v overshoots where λ is above the threshold.

    gradient descent 2/η,  with momentum μ 2 (1 + μ)/η

Beyond it the distance to the bottom of a parabola grows with each step (Cohen et al., Gradient Descent on Neural
Networks Typically Occurs at the Edge of Stability, 2021). Adam and RMSProp scale the step of each parameter and L-BFGS
finds its own: 2/η of their step size is no threshold, only what plain gradient descent of that step size could bear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The largest eigenvalue at each step of a training, and the largest that its step size bears.

    Attributes:
        steps: (n,) of the training.
        largest: (n,) λ₁, between two snapshots on a straight line of logarithms.
        bearable: (n,) the threshold; infinite where the step size is 0.
    """

    steps: Doubles
    largest: Doubles
    bearable: Doubles

    @property
    def share_above(self) -> float:
        """The share of the steps whose step size is too large for λ₁."""
        return float((self.largest > self.bearable).mean())


def sharpness(at: Sequence[float], largest: Sequence[float], rates: Doubles, momentum: float = 0.0) -> Sharpness:
    """λ₁ against the threshold at each step.

    Args:
        at: the steps at which λ₁ was measured, ascending; at least one.
        largest: λ₁ at each.
        rates: (n,) the step size of each step from 0.
        momentum: μ.
    """
    steps = np.arange(len(rates), dtype=np.float64)
    positive = np.maximum(np.asarray(largest, np.float64), np.finfo(np.float64).tiny)
    values = np.exp(np.interp(steps, np.asarray(at, np.float64), np.log(positive)))
    with np.errstate(divide="ignore"):
        return Sharpness(steps, values, 2 * (1 + momentum) / np.asarray(rates, np.float64))
