"""How far to trust a map: what it keeps of the codes' neighbourhoods.

With r(i, j) the rank of j among i's neighbours in the codes, and U(i) those of the k nearest of i on the map that are
not among the k nearest in the codes,

    trustworthiness = 1 - 2 / (n k (2n - 3k - 1)) Σ_i Σ_{j in U(i)} (r(i, j) - k)   does the map have false neighbours?
    continuity      = the same with the roles of map and codes exchanged            does the map separate neighbours?
    overlap         = mean over i of the share of the k nearest that both have in common

Venna & Kaski (2001), Neighborhood preservation in nonlinear projection methods: an experimental study. 1 is perfect.
Distances are Euclidean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.arrays import Floats, Labels, as_codes
from latentlab.analysis.latent.pca import principal
from latentlab.analysis.neighbours import neighbours

BLOCK = 1 << 22  # distances in a block: 32 MB


@dataclass(frozen=True)
class TrustScores:
    """How well a map preserves neighbourhoods, each from 0 to 1."""

    trustworthiness: float
    continuity: float
    overlap: float


@dataclass(frozen=True)
class Faithfulness(TrustScores):
    """The scores of a map of a sample of the codes, with their nulls.

    Attributes:
        n: examples in the sample; the neighbourhoods are those among them.
        k: neighbours.
        rows: (n,) which examples, ascending.
        point_overlap: (n,) the overlap of each.
        shuffled: the null of no map at all: what is expected if the positions on the map are permuted at random
            (exact, not simulated). The overlap is k / (n - 1).
        gaussian: the null of no structure: n draws from the normal distribution with the codes' mean and covariance,
            mapped by their own principal components. It has neither clusters nor curves: a larger value of a
            map comes from them, or from a better method.
    """

    n: int
    k: int
    rows: NDArray[np.int64]
    point_overlap: Floats
    shuffled: TrustScores
    gaussian: TrustScores


def faithfulness(z: ArrayLike, xy: ArrayLike, k: int = 15, n_subsample: int = 2_000, seed: int = 0) -> Faithfulness:
    """Measure a map on a sample of its points, always the same one for a seed.

    Args:
        z: (N, D) codes.
        xy: (N, 2 or 3) their places.
        k: neighbours, fewer than half the sample.
        n_subsample: how many to look at; all, if there are no more.
        seed: of the sample and of the Gaussian null.

    Raises:
        ValueError: codes and places don't match, or k is out of range.
    """
    codes, places = _pair(z, xy)
    rng = np.random.default_rng(seed)
    rows = np.arange(len(codes))
    if len(codes) > n_subsample:
        rows = np.sort(rng.choice(len(codes), n_subsample, replace=False))
    n = len(rows)
    if not 1 <= k < n / 2:
        raise ValueError(f"Of {n} examples, fewer than half can be looked at as neighbours: not {k}.")
    scores, point_overlap = _scores(codes[rows], places[rows], k)
    draws = _matched_gaussian(codes[rows], rng)
    flat = principal(draws, min(places.shape[1], codes.shape[1]), seed).project(draws)
    gaussian, _ = _scores(draws, flat, k)
    return Faithfulness(
        **vars(scores),
        n=n,
        k=k,
        rows=rows,
        point_overlap=point_overlap,
        shuffled=shuffled_scores(n, k),
        gaussian=gaussian,
    )


def overlap(z: ArrayLike, xy: ArrayLike, k: int = 15, rows: Labels | None = None) -> Floats:
    """The share of a point's k nearest codes that are among its k nearest on the map. Takes N time for each.

    Args:
        z: (N, D) codes.
        xy: (N, 2 or 3) their places.
        k: neighbours.
        rows: (M,) which points; all, and M = N, if it is None.

    Returns:
        (M,) from 0 to 1.

    Raises:
        ValueError: codes and places don't match, or k is out of range.
    """
    codes, places = _pair(z, xy)
    own = np.arange(len(codes)) if rows is None else rows
    return _common(*(neighbours(x, x[own], k, own=own).index for x in (codes, places)))


def shuffled_scores(n: int, k: int) -> TrustScores:
    """The expected scores of a map whose n positions are permuted at random.

    Then r(i, j) is uniform on 1 ... n - 1, and E max(0, r - k) = (n - 1 - k)(n - k) / (2 (n - 1)).
    """
    trust = 1 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))
    return TrustScores(trust, trust, k / (n - 1))


def _pair(z: ArrayLike, xy: ArrayLike) -> tuple[Floats, Floats]:
    codes, places = as_codes(z), as_codes(xy)
    if len(codes) != len(places):
        raise ValueError(f"{len(codes)} codes have {len(places)} places.")
    return codes, places


def _scores(codes: Floats, places: Floats, k: int) -> tuple[TrustScores, Floats]:
    own = np.arange(len(codes))
    near, near_on_map = (neighbours(x, x, k, own=own).index for x in (codes, places))
    common = _common(near, near_on_map)
    return TrustScores(_trust(codes, near_on_map), _trust(places, near), float(common.mean())), common


def _trust(space: Floats, near: NDArray[np.int64]) -> float:
    """How few of the neighbours (N, k) found elsewhere are far away in this space: Venna & Kaski's M₁.

    The rank of a neighbour is 1 and the number of others that are strictly closer, so that of equally distant ones
    none is worse than another.
    """
    n, k = near.shape
    x = space.astype(np.float64) - space.mean(0)
    squares = np.square(x).sum(1)
    too_far = 0
    for rows in np.array_split(np.arange(n), -(-n * n // BLOCK)):
        distance = squares - 2 * x[rows] @ x.T  # and |x_i|², which orders nothing
        distance[np.arange(len(rows)), rows] = np.inf
        chosen = np.take_along_axis(distance, near[rows], 1)
        distance.sort(1)
        closer = np.array([np.searchsorted(d, c) for d, c in zip(distance, chosen, strict=True)])
        too_far += int((closer + 1 - k).clip(min=0).sum())
    return float(1 - 2 * too_far / (n * k * (2 * n - 3 * k - 1)))


def _common(a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
    """(N, k), (N, k) -> (N,): the share of each row's entries that both have."""
    both = np.sort(np.hstack([a, b]), 1)
    shared: Floats = ((both[:, 1:] == both[:, :-1]).sum(1) / a.shape[1]).astype(np.float32)
    return shared


def _matched_gaussian(codes: Floats, rng: np.random.Generator) -> Floats:
    """As many draws from N(mean, covariance) of the codes: mixtures W (z - mean) / sqrt(n - 1) with W ~ N(0, 1).

    Nothing is factored, so the covariance may be singular or too wide to be held.
    """
    n = len(codes)
    weights = rng.standard_normal((n, n), np.float32) / np.sqrt(np.float32(n - 1))
    mean = codes.mean(0)
    draws: Floats = weights @ (codes - mean) + mean
    return draws
