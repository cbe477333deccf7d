"""Supervised baselines: two plain classifiers, fitted to the labelled examples only."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Baseline = Literal["linear", "mlp"]
BASELINES: tuple[Baseline, ...] = get_args(Baseline)


class Classifier(Protocol):
    """A fitted classifier of scikit-learn."""

    def score(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
        """The accuracy on examples (N, D) of classes (N,)."""

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.int64]:
        """(N, D) -> (N,) the most probable classes."""


def fit(name: Baseline, x: ArrayLike, y: ArrayLike, hidden: Sequence[int], seed: int = 0) -> Classifier:
    """Fit one of them to examples.

    Args:
        name: "linear" (logistic regression with scikit-learn's ridge) or "mlp".
        x: (N, …) examples.
        y: (N,) their classes.
        hidden: units of each hidden layer of the MLP.
        seed: of the MLP's first weights and the order of its examples.

    Raises:
        ValueError: fewer than two classes, or a value that is not finite.
    """
    from sklearn.exceptions import ConvergenceWarning  # imported here: a second of start-up
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    model = LogisticRegression(max_iter=5_000)
    if name == "mlp":
        model = MLPClassifier(hidden, max_iter=2_000, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a floor may be a little low
        fitted: Classifier = model.fit(flat(x), np.asarray(y))
    return fitted


def baseline_errors(
    x: ArrayLike, y: ArrayLike, held_x: ArrayLike, held_y: ArrayLike, hidden: Sequence[int], seed: int = 0
) -> dict[str, float]:
    """The share of held-out examples that each baseline gets wrong, fitted to (x, y) as `fit` says."""
    held, truth = flat(held_x), np.asarray(held_y)
    return {name: 1 - float(fit(name, x, y, hidden, seed).score(held, truth)) for name in BASELINES}


def flat(x: ArrayLike) -> NDArray[np.float32]:
    """(N, …) -> (N, D)."""
    values = np.asarray(x, np.float32)
    return values.reshape(len(values), -1)
