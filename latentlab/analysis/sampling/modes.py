"""Modes that no chain has visited: where the truth is known, what R-hat can't see.

A mode of a mixture of Gaussians is a set of components that reach each other: their means lie nearer than `REACH` times
the sum of their standard deviations. Its weight is the sum of theirs. A draw belongs to the mode of the component that
most probably made it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Reals
from latentlab.data.builtin.synthetic import Density

REACH = 2.0
LEAST_WEIGHT = 0.02  # of the probability: a smaller mode may be missed by chance
MISSED = 0.1  # of the weight: fewer draws than that share of it are as good as none
PART = 4_000  # draws at a time
MOST_COMPONENTS = 2_000  # of a mixture whose modes are looked for


class Mode(NamedTuple):
    """Where a mode lies, (d,), its share of the probability, and the share of the draws that are in it."""

    mean: Doubles
    weight: float
    visited: float


def modes(density: Density, draws: Doubles) -> list[Mode]:
    """The modes of a mixture, and how often draws (N, d) are in each, the heaviest first."""
    means, weights = density.means.numpy(), density.log_weights.exp().numpy()
    of_component = _grouped(means, density.stds.numpy().mean(1))
    in_mode = of_component[_components(density, draws)]
    found = []
    for k in range(of_component.max() + 1):
        members = of_component == k
        center = np.average(means[members], axis=0, weights=weights[members])
        found.append(Mode(center, float(weights[members].sum()), float((in_mode == k).mean())))
    return sorted(found, key=lambda mode: -mode.weight)


def missed(density: Density, draws: Reals) -> list[Mode]:
    """The modes that draws (N, d) are hardly ever in, though they are not small.

    None are looked for among more than `MOST_COMPONENTS` components.
    """
    if len(density.means) > MOST_COMPONENTS:
        return []
    found = modes(density, draws.astype(np.float64))
    return [mode for mode in found if mode.weight > LEAST_WEIGHT and mode.visited < MISSED * mode.weight]


def _grouped(means: Doubles, stds: Doubles) -> NDArray[np.int32]:
    """(K, d), (K,) -> (K,): the number of the mode of each component."""
    from scipy.sparse.csgraph import connected_components  # imported here: the first page has no need of it

    apart = np.linalg.norm(means[:, None] - means[None], axis=2)
    found: NDArray[np.int32] = connected_components(apart < REACH * (stds[:, None] + stds[None]), directed=False)[1]
    return found


def _components(density: Density, draws: Doubles) -> NDArray[np.int64]:
    """(N, d) -> (N,): the component that most probably made each draw."""
    log_scale = density.log_weights - density.stds.log().sum(1)
    found = []
    for part in torch.from_numpy(np.ascontiguousarray(draws)).split(PART):
        squared = ((part[:, None] - density.means) / density.stds).square().sum(2)
        found.append((log_scale - squared / 2).argmax(1))
    return torch.cat(found).numpy()
