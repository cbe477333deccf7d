"""Do the codes of a class lie together? Numbers about groups, each with its null of shuffled labels.

A number alone says little: the silhouette of good classes in many dimensions is small, and the mutual information of
many small groups with anything is large. So every one comes as `Measured`: its value, and the mean and standard
deviation of the same number when the labels are permuted at random, with as many of each class.

Codes are (N, D), labels (N,); `UNLABELLED` examples are left out. Distances are Euclidean unless it says otherwise.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Doubles, Floats, Labels, as_codes
from latentlab.analysis.latent.pca import WIDE
from latentlab.analysis.neighbours import neighbours
from latentlab.analysis.stats import Measured
from latentlab.data import UNLABELLED

Clustering = Literal["kmeans", "hdbscan"]
Distance = Literal["euclidean", "mahalanobis"]
N_SHUFFLES = 5
N_STARTS = 4  # of k-means: the best is kept
FLOOR = 0.01  # of the largest variance: a direction with less counts as having that much
NONE = -1  # no example
NOISE = -1  # what HDBSCAN calls a code that belongs to no cluster
UNKNOWN = Measured(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class ClassScores:
    """A number for each example, for each class, and for all.

    Attributes:
        overall: mean over the examples that were looked at.
        classes: (C,) the classes among them, ascending.
        by_class: (C,) mean over each.
        by_point: (N,) NaN where there is no label, or outside the sample.
        n: examples that were looked at.
    """

    overall: Measured
    classes: Labels
    by_class: Floats
    by_point: Floats
    n: int


@dataclass(frozen=True)
class Purity(ClassScores):
    """The share of the k neighbours that are of the same class: that is the number.

    Attributes:
        k: neighbours of each example.
        shares: (C, C) of the neighbours of the examples of a class (row), the share that is of another (column).
        chance: (C, C) the same if the neighbours were any other examples.
    """

    k: int
    shares: Doubles
    chance: Doubles


@dataclass(frozen=True)
class Centroids:
    """Where the classes lie.

    Attributes:
        classes: (C,) ascending.
        centroids: (C, D) means of the codes.
        distances: (C, C) between the centroids, in units of the code.
        rms_radius: (C,) root mean square distance of a class's codes from its centroid.
        separation: mean distance between two centroids, in units of the mean RMS radius.
    """

    classes: Labels
    centroids: Floats
    distances: Floats
    rms_radius: Floats
    separation: Measured


@dataclass(frozen=True)
class Clusters:
    """Groups found without the labels, and how they agree with them.

    Attributes:
        found: (N,) cluster of each code, from 0; `NOISE` where HDBSCAN leaves one out.
        n_clusters: how many, noise not counted.
        noise: share of the codes left out.
        rand: adjusted Rand index (Hubert & Arabie 1985): 1 for the same groups, 0 by chance.
        information: normalised mutual information, 0 to 1, by the mean of the entropies; not adjusted for chance.
            For both, noise is a group like any other: leaving codes out doesn't help.
    """

    found: Labels
    n_clusters: int
    noise: float
    rand: Measured
    information: Measured


@dataclass(frozen=True)
class Typical(ClassScores):
    """The examples of each class by the distance of their code from the centroid of the class: that is the number.

    Attributes:
        prototypes: (C, n) the closest, closest first; `NONE` where the class has fewer.
        outliers: (C, n) the farthest, farthest first.
        metric: "euclidean", in units of the code; or "mahalanobis", in standard deviations of the codes about their
            centroids (one covariance for all classes; no direction counts as narrower than a tenth of the widest, so
            that what an encoder leaves unused isn't amplified).
    """

    prototypes: Labels
    outliers: Labels
    metric: Distance


def silhouette(z: ArrayLike, y: ArrayLike, n_subsample: int = 2_000, seed: int = 0) -> ClassScores:
    """How much closer a code is to its own class than to the next one, -1 to 1 (Rousseeuw 1987): scikit-learn's.

    In a sample of the codes, always the same one for a seed: it takes n² distances.

    Raises:
        ValueError: fewer than two classes, or every example of the sample in a class of its own.
    """
    from sklearn.metrics import pairwise_distances, silhouette_samples

    codes, labels, rows = _labelled(z, y, 2)
    rng = np.random.default_rng(seed)
    if len(codes) > n_subsample:
        some = np.sort(rng.choice(len(codes), n_subsample, replace=False))
        codes, labels, rows = codes[some], labels[some], rows[some]
    n_classes = len(np.unique(labels))
    if not 2 <= n_classes < len(labels):
        raise ValueError(f"{n_classes} classes among {len(labels)} examples have no silhouette.")
    distances = pairwise_distances(codes)
    return _scores(lambda given: silhouette_samples(distances, given, metric="precomputed"), labels, rows, y, rng)


def purity(z: ArrayLike, y: ArrayLike, k: int = 10, seed: int = 0) -> Purity:
    """The share of a code's k nearest others that are of its class, and of each other one: exact, by N² distances.

    Shuffled, it is the chance that two examples are of one class.

    Raises:
        ValueError: no labels, or k is not in 1 ... N - 1.
    """
    codes, labels, rows = _labelled(z, y, 1)
    near = neighbours(codes, codes, k, own=np.arange(len(codes))).index
    rng = np.random.default_rng(seed)
    scores = _scores(lambda given: np.mean(given[near] == given[:, None], 1), labels, rows, y, rng)
    n_classes, group = len(scores.classes), np.searchsorted(scores.classes, labels)
    pairs = np.bincount((group[:, None] * n_classes + group[near]).ravel(), minlength=n_classes**2)
    n_of = np.bincount(group)
    shares = pairs.reshape(n_classes, n_classes) / (k * n_of[:, None])
    chance = (n_of - np.eye(n_classes)) / (len(labels) - 1)
    return Purity(**vars(scores), k=k, shares=shares, chance=chance)


def centroids(z: ArrayLike, y: ArrayLike, seed: int = 0) -> Centroids:
    """The mean code of each class, and how far apart they are.

    Raises:
        ValueError: fewer than two classes.
    """
    codes, labels, _ = _labelled(z, y, 2)
    classes, group = np.unique(labels, return_inverse=True)

    def measure(given: Labels) -> tuple[Floats, Floats, Floats, float]:
        means = _means(codes, given)
        gaps = np.linalg.norm(means[:, None] - means, axis=2)
        squares = np.square(codes - means[given]).sum(1)
        radius = np.sqrt(np.bincount(given, squares) / np.bincount(given))
        separation = gaps.sum() / (len(gaps) * (len(gaps) - 1)) / (radius.mean() or 1.0)
        return means.astype(np.float32), gaps.astype(np.float32), radius.astype(np.float32), float(separation)

    means, gaps, radius, _ = measure(group)
    separation = _measure(lambda given: measure(given)[3], group, np.random.default_rng(seed))
    return Centroids(classes, means, gaps, radius, separation)


def cluster(
    z: ArrayLike, y: ArrayLike, method: Clustering = "kmeans", n_clusters: int = 10, min_size: int = 15, seed: int = 0
) -> Clusters:
    """Group all codes by scikit-learn's k-means or HDBSCAN, and compare with the labels of those that have one.

    Where none has one, the comparisons are NaN.

    Args:
        z: (N, D).
        y: (N,).
        method: "kmeans" (Lloyd 1982; k-means++ starts), or "hdbscan" (Campello, Moulavi & Sander 2013), which decides
            by itself how many there are.
        n_clusters: for k-means.
        min_size: for HDBSCAN, the smallest group that counts as a cluster.
        seed: of k-means and of the shuffles.

    Raises:
        ValueError: an unknown method, or more clusters than codes.
    """
    from sklearn import cluster as sk
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    codes = as_codes(z)
    _, labels, rows = _labelled(z, y, 0)
    if method not in ("kmeans", "hdbscan"):
        raise ValueError(f"Unknown method {method!r}; known are kmeans, hdbscan.")
    least = n_clusters if method == "kmeans" else min_size
    if not 1 <= least <= len(codes):
        raise ValueError(f"{len(codes)} codes can't have a number or size of clusters of {least}.")
    kmeans = sk.KMeans(n_clusters, n_init=N_STARTS, random_state=seed)
    model = kmeans if method == "kmeans" else sk.HDBSCAN(min_cluster_size=max(2, min_size), copy=True)
    with threadpool_limits(1), warnings.catch_warnings():  # threads add up in any order
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)  # `n_clusters` says so
        found = model.fit_predict(codes).astype(np.int64)
    n_found, noise = len(np.unique(found[found != NOISE])), float((found == NOISE).mean())
    if not len(rows):
        return Clusters(found, n_found, noise, UNKNOWN, UNKNOWN)
    rng = np.random.default_rng(seed)
    rand = _measure(lambda given: float(adjusted_rand_score(given, found[rows])), labels, rng)
    information = _measure(lambda given: float(normalized_mutual_info_score(given, found[rows])), labels, rng)
    return Clusters(found, n_found, noise, rand, information)


def typical(z: ArrayLike, y: ArrayLike, n: int = 10, metric: Distance = "euclidean", seed: int = 0) -> Typical:
    """The n most prototypical and the n most atypical examples of each class.

    Raises:
        ValueError: an unknown metric, one that is too large to compute, or no labels.
    """
    codes, labels, rows = _labelled(z, y, 1)
    if metric not in ("euclidean", "mahalanobis"):
        raise ValueError(f"Unknown metric {metric!r}; known are euclidean, mahalanobis.")
    if metric == "mahalanobis" and codes.shape[1] >= WIDE:
        raise ValueError(f"The covariance of {codes.shape[1]} dimensions is too large; the Euclidean distance isn't.")
    classes, group = np.unique(labels, return_inverse=True)

    def distance(given: Labels) -> Doubles:
        group = np.unique(given, return_inverse=True)[1]
        gap = codes - _means(codes, group)[group]
        if metric == "mahalanobis":
            values, vectors = np.linalg.eigh(gap.T @ gap / len(gap))
            gap = gap @ vectors / np.sqrt(values.clip(min=max(FLOOR * values[-1], np.finfo(np.float64).tiny)))
        return np.asarray(np.sqrt(np.square(gap).sum(1)))

    scores = _scores(distance, labels, rows, y, np.random.default_rng(seed))
    order = np.argsort(scores.by_point[rows], kind="stable")
    ranked = [rows[order[group[order] == c]] for c in range(len(classes))]
    prototypes, outliers = _table(ranked, n), _table([part[::-1] for part in ranked], n)
    return Typical(**vars(scores), prototypes=prototypes, outliers=outliers, metric=metric)


def _labelled(z: ArrayLike, y: ArrayLike, n_classes: int) -> tuple[Floats, Labels, Labels]:
    """The codes that have a label, their labels, and which they are."""
    codes, labels = as_codes(z), np.asarray(y, np.int64)
    if labels.shape != (len(codes),):
        raise ValueError(f"{len(codes)} codes have labels of shape {labels.shape}.")
    rows = np.flatnonzero(labels != UNLABELLED)
    n = len(np.unique(labels[rows]))
    if n < n_classes:
        raise ValueError(f"That takes {n_classes} or more classes; there {'is' if n == 1 else 'are'} {n}.")
    return codes[rows], labels[rows], rows


def _measure(number: Callable[[Labels], float], labels: Labels, rng: np.random.Generator) -> Measured:
    return Measured.against(number(labels), [number(rng.permutation(labels)) for _ in range(N_SHUFFLES)])


def _scores(
    each: Callable[[Labels], Doubles], labels: Labels, rows: Labels, y: ArrayLike, rng: np.random.Generator
) -> ClassScores:
    """`each` gives a number for each of the labelled examples, which are the given rows of all."""
    points = each(labels)
    classes = np.unique(labels)
    by_class = np.array([points[labels == c].mean() for c in classes], np.float32)
    by_point = np.full(len(np.asarray(y)), np.nan, np.float32)
    by_point[rows] = points
    overall = _measure(lambda given: float(each(given).mean()), labels, rng)
    return ClassScores(overall, classes, by_class, by_point, len(rows))


def _means(codes: Floats, group: Labels) -> Doubles:
    """(C, D) mean code of each group 0 ... C - 1, none of them empty."""
    member = np.eye(group.max() + 1)[group].T
    return np.asarray(member @ codes.astype(np.float64) / member.sum(1, keepdims=True))


def _table(rows: list[Labels], n: int) -> Labels:
    return np.array([np.pad(row[:n], (0, max(0, n - len(row))), constant_values=NONE) for row in rows])
