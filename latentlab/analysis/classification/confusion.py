"""What a classifier takes for what, and in which order of the classes that is seen best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Labels


def confusion(predicted: Labels, y: Labels, n_classes: int) -> Labels:
    """(N,), (N,) -> (K, K): how often class i (row) was predicted as j; the trace over the total is the accuracy.

    Examples without a label are left out.
    """
    cells = (y * n_classes + predicted)[y >= 0]
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def by_rows(counts: Labels) -> Doubles:
    """(K, K) the shares of each row; 0 in the row of a class without examples."""
    shares: Doubles = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    return shares


def errors_only(counts: Labels) -> Labels:
    """(K, K) the same without the diagonal, as Burhanpurkar (2020), Fig. 8, draws it."""
    return np.where(np.eye(len(counts), dtype=bool), 0, counts)


def worst_cell(counts: Labels) -> tuple[int, int] | None:
    """The class and what it is taken for most often; None where no error is made."""
    wrong = errors_only(counts)
    if not wrong.any():
        return None
    i, j = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return int(i), int(j)


def precision(counts: Labels) -> Doubles:
    """(K,) of the examples that are predicted as a class the share that is of it; NaN of a class that never is."""
    predicted = counts.sum(0)
    found: Doubles = np.divide(np.diag(counts), predicted, out=np.full(len(counts), np.nan), where=predicted > 0)
    return found


def order_by_similarity(counts: Labels) -> Labels:
    """(K, K) counts -> (K,) the classes, such that those that are confused most are neighbours.

    The leaves of a hierarchical clustering with average linkage, ordered optimally (Bar-Joseph et al. 2001); two
    classes are the nearer, the larger the share of their examples that is taken for the other. The order begins with
    the end that comes first among the classes, so that it is one of two.
    """
    n = len(counts)
    if n < 3:
        return np.arange(n)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    shares = by_rows(counts)
    distance = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distance, 0)
    order = leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True))
    return np.array(order if order[0] <= order[-1] else order[::-1], np.int64)


def most_confident(top: Doubles, chosen: NDArray[np.bool_], n: int) -> Labels:
    """The n examples among the chosen ones whose most probable class is the most probable, most certain first."""
    ids = np.flatnonzero(chosen)
    return ids[np.argsort(-top[ids], kind="stable")[:n]]
