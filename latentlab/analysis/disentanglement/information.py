"""Mutual information of each dimension of a code and each factor, and the gap between the two best dimensions.

    I(z_j; v_k) in nats, z_j in 20 bins of equal width          MIG = mean over k of (I_(1) − I_(2)) / H(v_k)

Chen et al., Isolating Sources of Disentanglement (2018), with the histogram of Locatello et al. (2019). The estimate
is too high by about (bins − 1)(levels − 1) / 2N nats (Miller 1955), which `bias` says, so a code of noise isn't at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.stats import entropy

BINS = 20


@dataclass(frozen=True, eq=False)
class Information:
    """What each dimension says of each factor.

    Attributes:
        nats: (D, F) mutual information.
        entropies: (F,) of the factors, in nats.
        bias: by which a (dimension, factor) is too high on average where they are independent, (D, F) nats.
    """

    nats: Doubles
    entropies: Doubles
    bias: Doubles

    @property
    def shares(self) -> Doubles:
        """(D, F): the share of a factor's entropy that a dimension has."""
        return self.nats / np.maximum(self.entropies, 1e-12)

    @property
    def gaps(self) -> Doubles:
        """(F,): how much more of a factor its best dimension has than the second best, as a share of its entropy."""
        ordered = np.sort(self.shares, 0)
        return np.asarray(ordered[-1] - ordered[-2] if len(ordered) > 1 else ordered[-1])

    @property
    def gap(self) -> float:
        """The mutual information gap, MIG."""
        return float(self.gaps.mean())


def information(codes: Floats, levels: Labels, n_bins: int = BINS) -> Information:
    """Estimate the mutual information of every dimension and every factor.

    Args:
        codes: (N, D) finite.
        levels: (N, F) the factors' levels.
        n_bins: of equal width, from the smallest to the largest value of a dimension.
    """
    binned = np.stack([_bins(column, n_bins) for column in codes.T])
    nats, bias = (np.zeros((codes.shape[1], levels.shape[1])) for _ in range(2))
    for j, of_code in enumerate(binned):
        for k, of_factor in enumerate(levels.T):
            joint = np.histogram2d(of_code, of_factor, (np.arange(n_bins + 1), np.arange(of_factor.max() + 2)))[0]
            nats[j, k] = _mutual(joint / joint.sum())
            used = [int((joint.sum(axis) > 0).sum()) for axis in (0, 1)]
            bias[j, k] = (used[0] - 1) * (used[1] - 1) / (2 * len(codes))
    entropies = np.array([entropy(np.bincount(column) / len(column)) for column in levels.T])
    return Information(nats, entropies, bias)


def _bins(values: Floats, n_bins: int) -> Labels:
    edges = np.linspace(values.min(), values.max(), n_bins + 1)
    return np.searchsorted(edges[1:-1], values, side="right").astype(np.int64)


def _mutual(joint: Doubles) -> float:
    product = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / product[there])).sum())
