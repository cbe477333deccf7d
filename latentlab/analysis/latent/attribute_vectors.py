"""Attribute vectors: the direction in a latent space from one group of examples to another, and its quality.

    mean     w = mean(A) - mean(B)              Mikolov et al. 2013; Larsen et al. 2016, §4.2
    probe    w of p(A|z) = sigmoid(w·z + b)     logistic regression, L2 (Alain & Bengio 2017): scikit-learn's
    lda      w = S⁻¹ (mean(A) - mean(B))        Fisher 1936, S shrunk by Ledoit & Wolf 2004: scikit-learn's

Any two groups have a difference, so a direction comes with comparisons to chance: the cone of
directions that other samples of the same size would give, its AUC on held-out examples, and the
AUC of random directions and of shuffled groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.arrays import Doubles, Floats, as_codes
from latentlab.analysis.stats import Proportion, wilson

Method = Literal["mean", "probe", "lda"]

METHODS: tuple[Method, ...] = ("mean", "probe", "lda")
LEAST = 4  # examples in a group: to fit on some and to test on the others
N_FOLDS = 5
N_RANDOM = 500  # random directions
N_SHUFFLES = 20
LEVEL = 0.95


@dataclass(frozen=True)
class Null:
    """AUCs where there is nothing to find."""

    mean: float
    high: float  # 95 % are below


@dataclass(frozen=True)
class Attribute:
    """A direction from group B to group A.

    Attributes:
        method: one of `METHODS`.
        direction: (D,) of length 1, towards A.
        gap: how far the mean of A lies beyond that of B along it, in units of the code.
        cone: half-angle in degrees that holds the true direction 95 times in 100; 90 or more means that nothing is
            known.
        auc: share of the pairs (an A, a B) that the direction puts in order, on examples that it was not fitted to.
        random: the same for random directions, each turned towards A.
        shuffled: the same for directions fitted to shuffled groups: 0.5 on average.
        n: examples in A and in B.
    """

    method: Method
    direction: Floats
    gap: float
    cone: float
    auc: Proportion
    random: Null
    shuffled: Null
    n: tuple[int, int]

    @property
    def is_real(self) -> bool:
        """Whether it separates the groups better than chance: its interval lies above what shuffled groups reach."""
        return self.auc.low > 0.5 and self.auc.value > self.shuffled.high


def attribute_vector(
    z_a: ArrayLike, z_b: ArrayLike, method: Method = "mean", n_boot: int = 200, seed: int = 0
) -> Attribute:
    """The direction from group B to group A.

    Args:
        z_a: (N_a, D) codes of the group that has the attribute.
        z_b: (N_b, D) codes of the group that lacks it.
        method: one of `METHODS`.
        n_boot: bootstrap samples for the cone.
        seed: of all randomness.

    Raises:
        ValueError: a group of fewer than 4, groups with the same mean, codes of different width, or an unknown method.
    """
    a, b = _groups(z_a, z_b)
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}; known are {', '.join(METHODS)}.")
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):  # hundreds of fits, each too small to share
        return _measured(a, b, method, n_boot, np.random.default_rng(seed))


def angles(found: Sequence[Attribute]) -> Floats:
    """(M, M) degrees between every two directions."""
    w = np.stack([each.direction for each in found]).astype(np.float64)
    return np.degrees(_angle(w[:, None], w[None])).astype(np.float32)


def arithmetic(z_a: ArrayLike, z_b: ArrayLike, z_c: ArrayLike, amount: float = 1.0) -> Floats:
    """A - B + C, (D,): what makes A differ from B, added to C `amount` times."""
    a, b, c = (np.asarray(z, np.float32) for z in (z_a, z_b, z_c))
    return (c + np.float32(amount) * (a - b)).astype(np.float32)


def bootstrap(z_a: ArrayLike, z_b: ArrayLike, method: Method, n_boot: int, rng: np.random.Generator) -> Doubles:
    """(n_boot, D) the vectors, not of length 1, that samples with replacement of both groups give (Efron 1979).

    Of n examples n - 1 are drawn, so that a mean varies as much as it should, s²/n and not s²/n · (n - 1)/n.
    """
    a, b = _groups(z_a, z_b)
    drawn = ((rng.choice(a, len(a) - 1), rng.choice(b, len(b) - 1)) for _ in range(n_boot))
    return np.stack([_weights(*pair, method) for pair in drawn])


def cone(w: Doubles, resampled: Doubles) -> float:
    """The half-angle in degrees about w that holds the true direction 95 times in 100.

    The vector of a sample is longer than the true one by its own noise, so the vectors that are resampled about it turn
    less than it did itself. Here they turn about a vector that is shortened by as much: |w|² less the noise.

    Args:
        w: (D,) the vector of the sample.
        resampled: (n_boot, D) from `bootstrap`.
    """
    noise = (resampled - resampled.mean(0)) * np.sqrt(len(resampled) / (len(resampled) - 1))
    squares = np.square(noise).sum(1).mean()
    shortened = w * np.sqrt(max(0.0, 1 - squares / float(w @ w)))
    return float(np.degrees(np.quantile(_angle(shortened + noise, w), LEVEL, method="weibull")))


def auc(scores: ArrayLike, is_a: ArrayLike) -> Doubles:
    """The share of pairs (an A, a B) where A scores higher, ties half: Mann & Whitney's U, Hanley & McNeil 1982.

    Args:
        scores: (N,) or (N, S) for S scores at once.
        is_a: (N,) booleans, some of each.

    Returns:
        () or (S,)
    """
    from scipy.stats import rankdata

    a = np.asarray(is_a, bool)
    n_a, n_b = int(a.sum()), int((~a).sum())
    ranks = rankdata(np.asarray(scores), axis=0)
    return np.asarray((ranks[a].sum(0) - n_a * (n_a + 1) / 2) / (n_a * n_b), np.float64)


def _measured(a: Doubles, b: Doubles, method: Method, n_boot: int, rng: np.random.Generator) -> Attribute:
    w = _weights(a, b, method)
    direction = w / np.linalg.norm(w)
    codes, is_a = np.concatenate([a, b]), np.repeat([True, False], [len(a), len(b)])
    value = _held_out(codes, is_a, method, rng)
    shuffled = [_held_out(codes, rng.permutation(is_a), method, rng) for _ in range(N_SHUFFLES)]
    random = auc(codes @ rng.standard_normal((codes.shape[1], N_RANDOM)), is_a)
    return Attribute(
        method,
        direction.astype(np.float32),
        float((a.mean(0) - b.mean(0)) @ direction),
        cone(w, bootstrap(a, b, method, n_boot, rng)),
        # its variance is at most that of a share of as many as the smaller group has (Van Dantzig 1951)
        wilson(value, min(len(a), len(b))),
        _null(np.maximum(random, 1 - random)),
        _null(np.array(shuffled)),
        (len(a), len(b)),
    )


def _weights(a: Doubles, b: Doubles, method: Method) -> Doubles:
    """(D,) the vector from B to A, of any length."""
    gap = np.asarray(a.mean(0) - b.mean(0), np.float64)
    if method == "mean":
        return gap
    if method == "lda":
        from sklearn.covariance import ledoit_wolf

        within = np.concatenate([a - a.mean(0), b - b.mean(0)])
        return np.asarray(np.linalg.solve(ledoit_wolf(within, assume_centered=True)[0], gap))
    from sklearn.linear_model import LogisticRegression

    codes, is_a = np.concatenate([a, b]), np.repeat([1, 0], [len(a), len(b)])
    model = LogisticRegression(class_weight="balanced", max_iter=1_000).fit(codes, is_a)
    return np.asarray(model.coef_[0], np.float64)


def _held_out(codes: Doubles, is_a: NDArray[np.bool_], method: Method, rng: np.random.Generator) -> float:
    """AUC by cross-validation: the mean over stratified folds, each scored by the direction of the others."""
    n_folds = min(N_FOLDS, int(is_a.sum()) // 2, int((~is_a).sum()) // 2)
    fold = np.empty(len(codes), np.int64)
    for member in (is_a, ~is_a):
        fold[member] = rng.permutation(np.arange(int(member.sum())) % n_folds)
    found = []
    for k in range(n_folds):
        fitted = codes[fold != k], is_a[fold != k]
        w = _weights(fitted[0][fitted[1]], fitted[0][~fitted[1]], method)
        found.append(float(auc(codes[fold == k] @ w, is_a[fold == k])))
    return float(np.mean(found))


def _groups(z_a: ArrayLike, z_b: ArrayLike) -> tuple[Doubles, Doubles]:
    a, b = as_codes(z_a).astype(np.float64), as_codes(z_b).astype(np.float64)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"The groups' codes have {a.shape[1]} and {b.shape[1]} dimensions: they are of two models.")
    for group in (a, b):
        if len(group) < LEAST:
            raise ValueError(
                f"A group needs at least {LEAST} examples, to fit on some and test on others; one has {len(group)}."
            )
    if np.allclose(a.mean(0), b.mean(0), rtol=0, atol=1e-7 * np.abs(a).max()):
        raise ValueError("Both groups have the same mean, so no direction leads from one to the other: change one.")
    return a, b


def _angle(u: Doubles, v: Doubles) -> Doubles:
    """Radians between vectors along the last axis; accurate for small angles, where the cosine isn't."""
    u = u / np.linalg.norm(u, axis=-1, keepdims=True)
    v = v / np.linalg.norm(v, axis=-1, keepdims=True)
    return np.asarray(2 * np.arctan2(np.linalg.norm(u - v, axis=-1), np.linalg.norm(u + v, axis=-1)))


def _null(values: Doubles) -> Null:
    return Null(float(values.mean()), float(np.quantile(values, LEVEL)))
