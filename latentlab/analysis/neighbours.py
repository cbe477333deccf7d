"""Nearest neighbours, exact: of codes in a metric, and of examples of any shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from latentlab.analysis.arrays import Floats, Labels, Reals, as_codes, digest, flat

Progress = Callable[[float], None]  # takes the share that is done, from 0 to 1

METRICS = ("euclidean", "cosine", "correlation")
ROWS = 10_000  # references in a block at most: of few long rows the smallest are found faster than of many short ones
AT_ONCE = 1_000  # codes that a graph is made for at once
BLOCK = 1 << 20  # numbers in a block of references, of queries or of distances between them: 8 MB


@dataclass(frozen=True)
class Neighbours:
    """The k nearest references of each of N queries, nearest first."""

    index: Labels  # (N, k) into the references
    distance: Floats  # (N, k) in the metric


@dataclass(frozen=True)
class Graph(Neighbours):
    """Of each of N codes the k nearest others: computed once, it serves UMAP with any seed, min_dist or fewer k."""

    metric: str
    codes: str  # `digest` of the codes


def neighbours(
    z: ArrayLike,
    query: ArrayLike,
    k: int,
    metric: str = "euclidean",
    own: ArrayLike | None = None,
) -> Neighbours:
    """The k codes that are nearest to each query, exact, in blocks: memory does not grow with N².

    Args:
        z: (M, D) codes.
        query: (N, D) places.
        k: how many, at most M.
        metric: "euclidean"; "cosine", 1 - the cosine of the angle; or "correlation", the same about each code's mean.
        own: (N,) for queries that are codes themselves, which: they are not their own neighbours.

    Raises:
        ValueError: k is out of range, the shapes or the metric don't fit, or a number is not finite.
    """
    reference, places = (torch.from_numpy(comparable(as_codes(x), metric)) for x in (z, query))
    itself = None if own is None else torch.from_numpy(np.asarray(own, np.int64))
    index, distance = [], []
    for rows, far in nearest_blocks(places, reference, k, itself):
        index.append(rows)
        distance.append(far)
    return Neighbours(torch.cat(index).numpy(), as_distance(torch.cat(distance).numpy(), metric))


def neighbour_graph(z: ArrayLike, k: int, metric: str = "euclidean", progress: Progress | None = None) -> Graph:
    """The k nearest others of every code, exact: N² distances.

    scikit-learn finds them in two thirds of the time of `neighbours`, which does without its import.

    Raises:
        ValueError: k is out of range, the metric is unknown, or a number is not finite.
    """
    codes = as_codes(z)
    places, n = comparable(codes, metric).astype(np.float64), len(codes)
    if not 1 <= k < n:
        raise ValueError(f"There are {n - 1} references to choose {k} from.")
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    places -= np.median(places[:AT_ONCE], axis=0)  # amid the codes, little cancels
    indices, distances = [], []
    with threadpool_limits(torch.get_num_threads()):
        search = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(places)
        for start in range(0, n, AT_ONCE):
            part = places[start : start + AT_ONCE]
            found = search.kneighbors(part, return_distance=False)
            other = found != np.arange(start, start + len(part))[:, None]
            other[other.all(1), -1] = False  # among more than k copies of itself a code need not be found
            index = found[other].reshape(len(part), k)
            distance = np.linalg.norm(places[index] - part[:, None], axis=2)
            order = distance.argsort(1, kind="stable")
            indices.append(np.take_along_axis(index, order, 1))
            distances.append(np.take_along_axis(distance, order, 1))
            if progress is not None:
                progress((start + len(part)) / n)
    far = as_distance(np.concatenate(distances), metric)
    return Graph(np.concatenate(indices), far, metric, digest(codes))


def nearest_blocks(
    query: Tensor, reference: Tensor, k: int, own: Tensor | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """For blocks of queries, which references are the k nearest ones and their L2 distances, exact.

    Candidates by |r|² - 2 q·r in float64 about an origin amid the references, so that little cancels (|q|² orders
    nothing); the distances of the chosen by subtraction. scikit-learn's brute force takes 0.3 s instead of 0.5 s for
    10,000 codes of 20 dimensions on one core, and as long for images, but two seconds more when it is first used.

    Args:
        query: (N, *shape); uint8 counts as intensities from 0 to 1.
        reference: (M, *shape) likewise.
        k: how many.
        own: (N,) which reference a query is itself: that is not its neighbour.

    Yields:
        (B, k) indices and (B, k) float64 distances, nearest first; NaN last.

    Raises:
        ValueError: k is out of range, or the shapes differ.
    """
    if query.shape[1:] != reference.shape[1:]:
        raise ValueError(f"Shapes {tuple(query.shape[1:])} and {tuple(reference.shape[1:])} can't be compared.")
    available = max(0, len(reference) - (own is not None))
    if not 1 <= k <= available:
        raise ValueError(f"There are {available} references to choose {k} from.")
    size = reference[0].numel()
    height = max(1, min(ROWS, BLOCK // size, len(reference)))
    origin = flat(reference[:100]).nanmedian(0).values.nan_to_num()
    n_together = max(1, BLOCK // max(size, height))
    for rows in torch.arange(len(query), device=query.device).split(n_together):
        q = flat(query[rows])
        score, index = q.new_empty((len(q), 0)), rows.new_empty((len(q), 0))
        for start in range(0, len(reference), height):
            r = flat(reference[start : start + height]) - origin
            scores = torch.addmm(r.square().sum(1), q - origin, r.T, alpha=-2)
            if own is not None:
                column = own[rows] - start
                row = torch.nonzero((column >= 0) & (column < len(r)))[:, 0]
                scores[row, column[row]] = torch.inf
            best, where = scores.topk(min(k, len(r)), largest=False)
            score, index = torch.cat([score, best], 1), torch.cat([index, start + where], 1)
            score, where = score.topk(min(k, score.shape[1]), largest=False)
            index = index.gather(1, where)
        yield from _by_subtraction(q, reference, index)


def _by_subtraction(q: Tensor, reference: Tensor, index: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """(B, D) queries and (B, k) candidates -> the candidates of some of the queries by their distances, sorted."""
    n_numbers = q.shape[1] * index.shape[1]
    step = max(1, BLOCK // n_numbers)
    for some, rows in zip(q.split(step), index.split(step), strict=True):
        chosen = flat(reference[rows.flatten()]).reshape(*rows.shape, q.shape[1])
        distance, order = (chosen - some[:, None]).norm(dim=2).sort(dim=1, stable=True)
        yield rows.gather(1, order), distance


def comparable(codes: Floats, metric: str) -> Floats:
    """Codes whose Euclidean distances `as_distance` turns into those in a metric: d, or sqrt(2 d) but for "euclidean".

    For "cosine" they are scaled to length 1, for "correlation" each less its own mean.

    A code of length 0 is at distance 1 from all others, as in umap-learn: it gets a dimension of its own.
    """
    if metric not in METRICS:
        raise ValueError(f"Unknown metric {metric!r}; known are {', '.join(METRICS)}.")
    if metric == "euclidean":
        return codes
    codes = codes - codes.mean(1, keepdims=True) if metric == "correlation" else codes
    length = np.linalg.norm(codes, axis=1, keepdims=True)
    return np.hstack([codes / np.where(length > 0, length, 1), length == 0], dtype=np.float32)


def as_distance(length: Reals, metric: str) -> Floats:
    """Euclidean distances of `comparable` codes as distances in the metric."""
    return (length**2 / 2 if metric in ("cosine", "correlation") else length).astype(np.float32)
