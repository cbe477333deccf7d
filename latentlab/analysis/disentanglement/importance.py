"""How much each dimension matters to a predictor of each factor: disentanglement, completeness, informativeness.

Eastwood & Williams, A Framework for the Quantitative Evaluation of Disentangled Representations (2018): a regressor,
here a forest of trees that names a factor's level, gives the dimensions the weights R (D, F). With the rows
P_j = R_j / Σ_k R_jk and the columns P̃_k = R_k / Σ_j R_jk,

    disentanglement = Σ_j ρ_j (1 − H_F(P_j))          completeness = Σ_k ρ̃_k (1 − H_D(P̃_k))

where H_F is an entropy to the base F, and ρ the share of all importance. Both are relative, so they say nothing where
the forest predicts badly: informativeness is its accuracy on examples that it hasn't learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles, Floats, Labels

TREES = 40
LEAF = 3  # examples in a leaf, at least


@dataclass(frozen=True, eq=False)
class Importance:
    """What matters to the forests.

    Attributes:
        weights: (D, F) importance, each column's sum 1; zero where a forest found nothing.
        accuracies: (F,) of the forests, on other examples.
        chance: (F,) share of the most frequent level there.
    """

    weights: Doubles
    accuracies: Doubles
    chance: Doubles

    @property
    def disentanglement(self) -> float:
        """1 where each dimension matters to one factor only."""
        return _concentrated(self.weights)

    @property
    def completeness(self) -> float:
        """1 where each factor is read from one dimension only."""
        return _concentrated(self.weights.T)

    @property
    def informativeness(self) -> float:
        """Mean accuracy."""
        return float(self.accuracies.mean())


def importance(codes: Floats, levels: Labels, seed: int) -> Importance:
    """Fit a forest for each factor to three quarters of the examples, which are in random order.

    Args:
        codes: (N, D) finite.
        levels: (N, F) the factors' levels.
        seed: of the forests.
    """
    from sklearn.ensemble import RandomForestClassifier  # imported here: a second of start-up

    n_fit = len(codes) * 3 // 4
    weights, accuracies, chance = [], [], []
    for level in levels.T:
        forest = RandomForestClassifier(TREES, min_samples_leaf=LEAF, max_features=None, random_state=seed)
        forest.fit(codes[:n_fit], level[:n_fit])
        weights.append(forest.feature_importances_)
        accuracies.append(forest.score(codes[n_fit:], level[n_fit:]))
        chance.append(np.bincount(level[n_fit:]).max() / len(level[n_fit:]))
    return Importance(np.stack(weights, 1), np.array(accuracies), np.array(chance))


def _concentrated(weights: Doubles) -> float:
    """The mean over rows, by their share of all weight, of 1 − entropy of a row to the base of its length."""
    total = weights.sum(1)
    if weights.shape[1] == 1 or not total.sum():
        return float(weights.shape[1] == 1)
    p = weights / np.where(total > 0, total, 1)[:, None]
    entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(1) / np.log(weights.shape[1])
    return float((total / total.sum() * (1 - entropy)).sum())
