"""Nearest neighbours among codes, exact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.latent.pca import Floats, as_codes
from latentlab.analysis.latent.support import nearest_blocks

Progress = Callable[[float], None]  # is told the share that is done, from 0 to 1

METRICS = ("euclidean", "cosine", "correlation")
ROWS = 1_000  # codes whose neighbours are looked for together


@dataclass(frozen=True)
class Neighbours:
    """The k nearest references of each of N queries, nearest first."""

    index: NDArray[np.int64]  # (N, k) into the references
    distance: Floats  # (N, k) in the metric


@dataclass(frozen=True)
class Graph(Neighbours):
    """Of each of N codes the k nearest others: computed once, it serves UMAP with any seed, min_dist or fewer k."""

    metric: str
    codes: str  # `digest` of the codes


def neighbours(
    z: ArrayLike, query: ArrayLike, k: int, metric: str = "euclidean", own: ArrayLike | None = None
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
    reference, places = (torch.from_numpy(_comparable(as_codes(x), metric)) for x in (z, query))
    itself = None if own is None else torch.from_numpy(np.asarray(own, np.int64))
    found = zip(*nearest_blocks(places, reference, k, itself), strict=True)
    index, distance = (torch.cat(parts).numpy() for parts in found)
    distance = distance if metric == "euclidean" else distance**2 / 2
    return Neighbours(index, distance.astype(np.float32))


def neighbour_graph(z: ArrayLike, k: int, metric: str = "euclidean", progress: Progress | None = None) -> Graph:
    """The k nearest others of every code, exact: N² distances.

    scikit-learn finds them in two fifths of the time of `neighbours`, which does without its import: on one core 0.4 s
    for 10,000 codes of 20 dimensions.

    Raises:
        ValueError: k is out of range, the metric is unknown, or a number is not finite.
    """
    codes = as_codes(z)
    places, n = _comparable(codes, metric).astype(np.float64), len(codes)
    if not 1 <= k < n:
        raise ValueError(f"There are {n - 1} references to choose {k} from.")
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    places -= np.median(places[:ROWS], axis=0)  # amid the codes, little cancels
    indices, distances = [], []
    with threadpool_limits(torch.get_num_threads()):
        search = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(places)
        for start in range(0, n, ROWS):
            part = places[start : start + ROWS]
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
    distance = np.concatenate(distances)
    distance = distance if metric == "euclidean" else distance**2 / 2
    return Graph(np.concatenate(indices), distance.astype(np.float32), metric, digest(codes))


def digest(codes: Floats) -> str:
    """What tells codes from other codes: a hash of their shape and numbers."""
    told = hashlib.blake2b(repr(codes.shape).encode(), digest_size=16)
    told.update(np.ascontiguousarray(codes, np.float32).data)
    return told.hexdigest()


def _comparable(codes: Floats, metric: str) -> Floats:
    """What to take Euclidean distances of: d for "euclidean", and sqrt(2 d) for the other metrics.

    A code of length 0 is at distance 1 from all others, as in umap-learn: it gets a dimension of its own.
    """
    if metric not in METRICS:
        raise ValueError(f"Unknown metric {metric!r}; known are {', '.join(METRICS)}.")
    if metric == "euclidean":
        return codes
    codes = codes - codes.mean(1, keepdims=True) if metric == "correlation" else codes
    length = np.linalg.norm(codes, axis=1, keepdims=True)
    return np.hstack([codes / np.where(length > 0, length, 1), length == 0], dtype=np.float32)
