"""A loss along a direction, the parabola that the Hessian says, and the best step.

    L(θ - α c v)  against  L - c² (α - λ α² / 2),     c = gᵀv

for an eigenvector v of length 1 with eigenvalue λ (Alain 2018, eq. 11.1). The parabola's best step is α = 1/λ, for
λ > 0 the step of Newton, with the decrease c²/(2λ); for λ < 0 it has none, and 1/|λ| is what Dauphin et al. (2014)
suggest. c v doesn't change with the sign of v, nor does anything here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles

Loss = Callable[[Doubles], float]  # (d,) -> L; infinite where it is no number
LEAST, MOST = 1e-2, 1e3  # |α| that the best step is looked for among
N_STEPS = 14  # of either sign, on a logarithmic scale
GOLDEN = (5**0.5 - 1) / 2
N_REFINE = 16  # golden sections: the bracket shrinks to a 2,000th


@dataclass(frozen=True, eq=False)
class Along:
    """A loss along an eigenvector.

    Attributes:
        alphas: (n,) steps, in units of c v.
        exact: (n,) the loss; infinite where it is no number.
        quadratic: (n,) what the parabola says.
    """

    alphas: Doubles
    exact: Doubles
    quadratic: Doubles


@dataclass(frozen=True)
class BestStep:
    """The step along an eigenvector that lowers the loss the most.

    Attributes:
        alpha: of it, of either sign; 0 where none lowers it.
        change: of the loss, at most 0.
        at_limit: it is the longest one that was tried.
    """

    alpha: float
    change: float
    at_limit: bool


def along(loss: Loss, theta: Doubles, v: Doubles, value: float, slope: float, alphas: Doubles) -> Along:
    """The loss and the parabola at steps along an eigenvector.

    Args:
        loss: L.
        theta: (d,) where it starts.
        v: (d,), of length 1.
        value: its eigenvalue λ.
        slope: c = gᵀv.
        alphas: (n,) the steps.
    """
    here = loss(theta)
    exact = np.array([loss(theta - a * slope * v) for a in alphas])
    return Along(alphas, exact, here - slope**2 * (alphas - value * alphas**2 / 2))


def best_step(loss: Loss, theta: Doubles, v: Doubles, slope: float, n: int = N_STEPS) -> BestStep:
    """The best step along a direction: of a logarithmic grid of both signs, then by golden section around it.

    Args:
        loss: L.
        theta: (d,) where it starts.
        v: (d,), of length 1.
        slope: c = gᵀv.
        n: steps of either sign in the grid.
    """
    here = loss(theta)

    def change(alpha: float) -> float:
        return loss(theta - alpha * slope * v) - here

    sizes = np.geomspace(LEAST, MOST, n)
    found = [(change(sign * size), sign, k) for sign in (1.0, -1.0) for k, size in enumerate(sizes)]
    least, sign, k = min(found)
    if not least < 0:
        return BestStep(0.0, 0.0, False)
    low, high = np.log(sizes[max(k - 1, 0)]), np.log(sizes[min(k + 1, n - 1)])
    log_alpha, refined = golden_section(lambda log_a: change(sign * float(np.exp(log_a))), low, high)
    alpha = sign * float(np.exp(log_alpha))
    if refined > least:
        alpha, refined = sign * float(sizes[k]), least
    return BestStep(alpha, refined, k == n - 1)


def golden_section(
    function: Callable[[float], float], low: float, high: float, n: int = N_REFINE
) -> tuple[float, float]:
    """Where a function of one minimum between two numbers is least, and its value there (Kiefer 1953)."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(n):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
    return (left, at_left) if at_left <= at_right else (right, at_right)


def surface(loss: Loss, theta: Doubles, v: Doubles, w: Doubles, reach: tuple[float, float], n: int) -> Doubles:
    """(n, n): the loss at θ + a v + b w, with b by row and a by column, both from -reach to reach."""
    across, up = (np.linspace(-r, r, n) for r in reach)
    return np.array([[loss(theta + a * v + b * w) for a in across] for b in up])
