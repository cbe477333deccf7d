"""How alike two layers are, whatever their units: singular vector canonical correlation (SVCCA).

Raghu et al., "SVCCA: singular vector canonical correlation analysis for deep learning dynamics and interpretability"
(2017). Of each layer the directions are kept that carry 99 % of its variance; ρ_i are the canonical correlations of
both, and their mean is the similarity. It is the same after any invertible linear map of the kept directions; of
d unrelated features each it is 8/(3π) √(d/N), by the quarter-circle law, and not 0: N must be much larger than d.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor, nn

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.probes.features import Reduction
from latentlab.analysis.probes.layer_curve import features_of, probe_positions

KEPT = 0.99  # of the variance


def svcca(a: ArrayLike, b: ArrayLike, kept: float = KEPT) -> float:
    """The mean canonical correlation of two layers, from 0 to 1.

    Args:
        a, b: (N, d) and (N, e), what both give for the same N examples.
        kept: share of the variance of each whose directions are kept; 1 for all.

    Returns:
        The mean over as many directions as the narrower one keeps; NaN if either is constant.

    Raises:
        ValueError: they aren't of the same examples, or not finite.
    """
    one, two = (np.asarray(part, np.float64) for part in (a, b))
    if one.ndim != 2 or two.ndim != 2 or len(one) != len(two):
        raise ValueError(f"Layers of shape {one.shape} and {two.shape} are not of the same examples.")
    if not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise ValueError("A layer gives values that are not numbers.")
    found = canonical_correlations(directions(one, kept), directions(two, kept))
    return float(found.mean()) if len(found) else float("nan")


def unrelated(d: int, n: int) -> float:
    """What `svcca` is of d and d independent features of n examples, n much larger than d."""
    return float(8 / (3 * np.pi) * np.sqrt(d / n))


def likeness_to_last(models: Sequence[nn.Module], x: Tensor, limit: int) -> tuple[tuple[str, ...], Doubles]:
    """How alike each layer of a network is to the same layer of the last one, such as over a training.

    Args:
        models: the same network with several parameters, in evaluation mode.
        x: (N, *shape) examples.
        limit: features kept of a layer, the same of all.

    Returns:
        Names of the L layers, without the input, and (L, len(models) - 1).

    Raises:
        ValueError: as `features_of`.
    """
    places = probe_positions(models[-1], x)[1:]
    *before, last = (features_of(model, x, places, Reduction(limit=limit)) for model in models)
    values = [[svcca(at[place.name].values, last[place.name].values) for at in before] for place in places]
    return tuple(place.name for place in places), np.array(values)


def directions(x: Doubles, kept: float = KEPT) -> Doubles:
    """(N, d) -> (N, k): orthonormal columns that span the directions with this share of the variance."""
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    own = s > s[:1].sum() * 1e-7 if len(s) else s > 0  # what rounding leaves is none
    share = np.cumsum(s**2) / max(float((s**2).sum()), np.finfo(float).tiny)
    k = min(int(own.sum()), int(np.searchsorted(share, kept - 1e-12)) + 1)
    return np.asarray(u[:, :k])


def canonical_correlations(a: Doubles, b: Doubles) -> Doubles:
    """Of the spaces of orthonormal, centred columns (N, d) and (N, e): (min(d, e),), descending."""
    if not a.shape[1] or not b.shape[1]:
        return np.empty(0)
    return np.linalg.svd(a.T @ b, compute_uv=False).clip(0, 1)
