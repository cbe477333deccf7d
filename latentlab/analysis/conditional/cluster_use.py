"""Which clusters a model uses, how they agree with the classes, and what a code that carries little can know of them.

Fano's inequality (Cover & Thomas 2006, §2.10): who guesses which of K equally probable classes an example has, from a
code that has I nats of information on it, errs with a probability e of at least

    h(e) + e log(K - 1) >= log K - I        h(e) = -e log e - (1 - e) log(1 - e)

The KL divergence of a code from its prior, averaged over the examples, is at least that information.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

USED = 0.01  # of the examples: a cluster of fewer counts as unused


@dataclass(frozen=True)
class ClusterUse:
    """How many examples of each class are in each cluster.

    Attributes:
        counts: (K, C) examples, a row for each cluster.
        information: normalised mutual information of cluster and class, between 0 and 1.
    """

    counts: NDArray[np.int64]
    information: float

    @property
    def share(self) -> NDArray[np.float64]:
        """(K,) of the examples that are in each cluster."""
        share: NDArray[np.float64] = self.counts.sum(1) / max(1, self.counts.sum())
        return share

    @property
    def n_used(self) -> int:
        """Clusters with at least the share `USED` of the examples."""
        return int((self.share >= USED).sum())

    @property
    def matched(self) -> float:
        """The share of the examples in the cluster of their class, by the best pairs of one cluster and one class."""
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(self.counts, maximize=True)
        return float(self.counts[rows, columns].sum() / max(1, self.counts.sum()))


def cluster_use(clusters: ArrayLike, classes: ArrayLike, n_clusters: int, n_classes: int) -> ClusterUse:
    """Count examples by cluster and class.

    Args:
        clusters: (N,) indices.
        classes: (N,) indices.
        n_clusters: K.
        n_classes: C.
    """
    from sklearn.metrics import normalized_mutual_info_score  # imported here: a second of start-up

    found, labels = np.asarray(clusters), np.asarray(classes)
    counts = np.zeros((n_clusters, n_classes), np.int64)
    np.add.at(counts, (found, labels), 1)
    return ClusterUse(counts, float(normalized_mutual_info_score(labels, found)))


def least_error(information: float, n_classes: int) -> float:
    """The least error of guessing one of equally probable classes by Fano's inequality, between 0 and 1 - 1/K.

    Args:
        information: nats that are known of the class, at most.
        n_classes: K, at least 2.
    """
    missing = math.log(n_classes) - information
    if missing <= 0:
        return 0.0
    low, high = 0.0, 1 - 1 / n_classes  # where the left side grows
    for _ in range(60):
        middle = (low + high) / 2
        unsure = -middle * math.log(middle) - (1 - middle) * math.log(1 - middle)
        low, high = (middle, high) if unsure + middle * math.log(n_classes - 1) < missing else (low, middle)
    return low
