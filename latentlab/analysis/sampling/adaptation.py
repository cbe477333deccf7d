"""The step found during the burn-in, by dual averaging (Hoffman & Gelman 2014, §3.2, with the constants of Stan).

With α_t the acceptance probability of step t, its mean over all chains, δ the one that is sought and ε_1 the first

    h_t = (1 - 1/(t + t_0)) h_{t-1} + (δ - α_t)/(t + t_0);      log ε_{t+1} = log(10 ε_1) - √t h_t / γ

and what is kept is the average log ε̄_t = t^-κ log ε_{t+1} + (1 - t^-κ) log ε̄_{t-1}. All chains share one step. The
first is the given one, where Hoffman & Gelman's algorithm 4 looks for one: the mean over chains does it in a few steps.
"""

from __future__ import annotations

import math

GAMMA, T_0, KAPPA = 0.05, 10, 0.75
FARTHEST = math.log(1e6)  # from the first step: a density may be flat


class DualAveraging:
    """Steps to try, one after the other, and `scale`, the one to keep."""

    def __init__(self, scale: float, target: float) -> None:
        """Begin with a step, and seek an acceptance probability."""
        self._centre, self._target = math.log(10 * scale), target
        self._n, self._error, self._log_scale = 0, 0.0, math.log(scale)

    def update(self, acceptance: float) -> float:
        """The step to try next, after one that was accepted with this probability."""
        self._n += 1
        share = 1 / (self._n + T_0)
        self._error = (1 - share) * self._error + share * (self._target - acceptance)
        moved = -math.sqrt(self._n) / GAMMA * self._error
        log_scale = self._centre + min(max(moved, -FARTHEST), FARTHEST)
        weight = self._n**-KAPPA
        self._log_scale = weight * log_scale + (1 - weight) * self._log_scale
        return math.exp(log_scale)

    @property
    def scale(self) -> float:
        """The average of the steps tried, in which the later ones count more."""
        return math.exp(self._log_scale)
