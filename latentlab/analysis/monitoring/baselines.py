"""What a model of normal readings is held against: four detectors that practitioners use, fitted to the same rows.

Isolation forest (Liu, Ting & Zhou 2008), one-class SVM (Schölkopf et al. 2001), what the first principal components
leave over (Jackson & Mudholkar 1979), and the distance to the nearest neighbours (Ramaswamy, Rastogi & Shim 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.neighbours import neighbours

Score = Callable[[Doubles], Doubles]  # (N, D) -> (N,), higher is stranger
KEPT = 0.99  # of the variance, by the components that are fitted
NEAREST = 10
MOST = 2_000  # rows that the SVM and the neighbours take: their time grows with the square, or with each query
NU = 0.01  # the share of normal rows that the SVM may leave out


def _isolation_forest(x: Doubles, seed: int) -> Score:
    from sklearn.ensemble import IsolationForest

    fitted = IsolationForest(random_state=seed).fit(x)
    return lambda rows: -fitted.score_samples(rows)


def _one_class_svm(x: Doubles, seed: int) -> Score:
    from sklearn.svm import OneClassSVM

    fitted = OneClassSVM(nu=NU).fit(_some(x, seed))
    return lambda rows: -fitted.decision_function(rows)


def _principal_components(x: Doubles, seed: int) -> Score:  # noqa: ARG001 nothing of it is random
    found = pca(x, x.shape[1] - 1)
    kept = min(len(found.share), int(np.searchsorted(np.cumsum(found.share), KEPT)) + 1)
    components = found.components[:kept].astype(np.float64)

    def score(rows: Doubles) -> Doubles:
        centered = rows - found.mean
        left: Doubles = np.square(centered - centered @ components.T @ components).sum(1)
        return left

    return score


def _nearest(x: Doubles, seed: int) -> Score:
    some = _some(x, seed)
    return lambda rows: neighbours(some, rows, NEAREST).distance.mean(1).astype(np.float64)


def _some(x: Doubles, seed: int) -> Doubles:
    return x if len(x) <= MOST else x[np.random.default_rng(seed).choice(len(x), MOST, replace=False)]


BASELINES: Mapping[str, Callable[[Doubles, int], Score]] = MappingProxyType(
    {
        "isolation forest": _isolation_forest,
        "one-class SVM": _one_class_svm,
        "principal components": _principal_components,
        "nearest neighbours": _nearest,
    }
)  # of (N, D) normal rows and a seed
