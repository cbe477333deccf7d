"""Which modes of a density samples reach, and how many samples lie at one.

A sample is at its nearest mode, in that mode's standard deviations, if it is within `WITHIN` of them in every direction
together; a mode is reached if it has at least `LEAST` of the samples that are due to it. Srivastava et al., VEEGAN
(2017), count a mode with a single such sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Floats, Labels

WITHIN = 3.0  # standard deviations of a mode
LEAST = 0.1  # of the share of the samples that a mode has in the data


@dataclass(frozen=True, eq=False)
class ModeCoverage:
    """Where N samples lie.

    Attributes:
        nearest: (N,) the nearest mode of each sample.
        is_near: (N,) whether it is within `WITHIN` standard deviations.
        due: (K,) the share of each mode in the data.
    """

    nearest: Labels
    is_near: NDArray[np.bool_]
    due: Doubles

    @property
    def shares(self) -> Doubles:
        """(K,): the share of the samples that is near each mode."""
        counts = np.bincount(self.nearest[self.is_near], minlength=len(self.due))
        return np.asarray(counts / max(1, len(self.nearest)))

    @property
    def reached(self) -> NDArray[np.bool_]:
        """(K,): whether each mode is reached."""
        return np.asarray(self.shares >= LEAST * self.due)

    @property
    def approached(self) -> NDArray[np.bool_]:
        """(K,): whether each mode is the nearest one, however far, of as many samples as reach it."""
        counts = np.bincount(self.nearest, minlength=len(self.due))
        return np.asarray(counts >= LEAST * self.due * max(1, len(self.nearest)))

    @property
    def near(self) -> float:
        """The share of the samples that is near a mode."""
        return float(self.is_near.mean())


def mode_coverage(samples: Floats, means: Doubles, stds: Doubles, due: Doubles) -> ModeCoverage:
    """Hold samples against the modes of a mixture of Gaussians.

    Args:
        samples: (N, d).
        means: (K, d).
        stds: (K, d) standard deviations.
        due: (K,) the weights, which sum to 1.
    """
    distances = np.sqrt((((samples[:, None] - means) / stds) ** 2).sum(2))
    nearest = distances.argmin(1)
    return ModeCoverage(nearest, distances[np.arange(len(samples)), nearest] <= WITHIN, due)
