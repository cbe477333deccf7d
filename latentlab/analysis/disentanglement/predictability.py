"""How well a linear classifier names a factor's level, from one dimension alone and from the whole code.

- Separated attribute predictability (Kumar et al. 2018): the accuracy of the best single dimension less that of the
  second best, a mean over factors. Levels are classes, as for Locatello et al. (2019), whose classifier is a linear
  support vector machine; here it is a logistic regression.
- Explicitness (Ridgeway & Mozer 2018): the whole code tells one level from all others; the mean over levels and factors
  of the area under the ROC curve, scaled so that chance is 0.

All are fitted to three quarters of the examples and scored on the rest.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.probes import logistic_regression

PENALTY = 1.0  # on the squared weights, in all: scikit-learn's C = 1


def single_dimension_accuracies(codes: Floats, levels: Labels) -> Doubles:
    """The accuracy of a classifier that is given one dimension, (D, F).

    Args:
        codes: (N, D) finite, in random order.
        levels: (N, F) the factors' levels.
    """
    x, n_fit = _standard(codes), len(codes) * 3 // 4
    found = np.zeros((codes.shape[1], levels.shape[1]))
    for k, level in enumerate(levels.T):
        for j in range(x.shape[1]):
            logits = _logits(x[:, j : j + 1], level, n_fit)
            found[j, k] = (logits.argmax(1) == level[n_fit:]).mean()
    return found


def separated_predictability(accuracies: Doubles) -> float:
    """SAP of the (D, F) accuracies of single dimensions."""
    ordered = np.sort(accuracies, 0)
    return float((ordered[-1] - ordered[-2] if len(ordered) > 1 else ordered[-1]).mean())


def explicitness(codes: Floats, levels: Labels) -> Doubles:
    """(F,): 2 AUC − 1 for each factor.

    Args:
        codes: (N, D) finite, in random order.
        levels: (N, F) the factors' levels.
    """
    x, n_fit = _standard(codes), len(codes) * 3 // 4
    found = []
    for level in levels.T:
        logits = _logits(x, level, n_fit)
        areas = [_area(logits[:, k], level[n_fit:] == k) for k in range(logits.shape[1])]
        found.append(2 * float(np.nanmean(areas)) - 1)
    return np.array(found)


def _standard(codes: Floats) -> Tensor:
    std = codes.std(0)
    return torch.from_numpy(((codes - codes.mean(0)) / np.where(std > 0, std, 1)).astype(np.float32))


def _logits(x: Tensor, level: Labels, n_fit: int) -> Doubles:
    """Log-probabilities of the levels, for the examples that aren't fitted to."""
    n_levels = int(level.max()) + 1
    fit = logistic_regression.fit(x[:n_fit], torch.from_numpy(level[:n_fit]), n_levels, PENALTY / n_fit)
    return (x[n_fit:] @ fit.weights.T + fit.bias).double().log_softmax(1).numpy()


def _area(score: Doubles, own: NDArray[np.bool_]) -> float:
    """The probability that one of its own scores higher than another, equal ones counting half."""
    from scipy.stats import rankdata  # imported here: half a second of start-up

    n, m = int(own.sum()), int((~own).sum())
    if not n or not m:
        return float("nan")
    return float((rankdata(score)[own].sum() - n * (n + 1) / 2) / (n * m))
