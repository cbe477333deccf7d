"""Maps of codes: principal components, UMAP, t-SNE; and nearest neighbours."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.directions import PCA, Floats, as_codes, principal
from latentlab.analysis.support import nearest_blocks
from latentlab.knobs import Value, from_dict, knob

Progress = Callable[[float], None]  # is told the share that is done, from 0 to 1

METRICS = ("euclidean", "cosine", "correlation")
LEAST = 4  # codes that UMAP and t-SNE can lay out
NARROW, MANY = 100, 4_096  # dimensions and codes: beyond both, UMAP's neighbours are those in the first 100 components
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


@dataclass(frozen=True)
class NoKnobs:
    """Principal components have nothing to set."""


@dataclass(frozen=True)
class UmapKnobs:
    """UMAP (McInnes, Healy & Melville 2018). The defaults are for looking; `FULL_QUALITY` is umap-learn's own."""

    n_neighbors: int = knob(15, 2, 200, log=True, help="neighbours a code is held to, itself among them")
    min_dist: float = knob(0.1, 0.0, 0.99, help="how close together the map may put two codes")
    metric: str = knob("euclidean", choices=METRICS, help="distance between codes")
    n_epochs: int = knob(70, 0, 5_000, help="rounds; 0 is umap-learn's choice: 500 up to 10,000 codes, else 200")
    learning_rate: float = knob(0.5, 0.01, 10.0, log=True, help="size of the first steps; they shrink to nothing")
    negative_sample_rate: int = knob(8, 1, 50, log=True, help="codes that one is pushed from when it is pulled to one")
    init: str = knob("pca", choices=("pca", "spectral", "random"), help="where the layout starts")


@dataclass(frozen=True)
class TsneKnobs:
    """t-SNE (van der Maaten & Hinton 2008), scikit-learn's, started at the principal components."""

    perplexity: float = knob(30.0, 1.0, 500.0, log=True, help="neighbours a code is held to, roughly")
    metric: str = knob("euclidean", choices=METRICS, help="distance between codes")
    max_iter: int = knob(1_000, 250, 10_000, help="rounds of optimisation")


METHODS: dict[str, type[NoKnobs | UmapKnobs | TsneKnobs]] = {"pca": NoKnobs, "umap": UmapKnobs, "tsne": TsneKnobs}
FULL_QUALITY: dict[str, Any] = {
    "learning_rate": 1.0,
    "n_epochs": 0,
    "init": "spectral",
}  # what `UmapKnobs` leaves out for speed


@dataclass(frozen=True)
class Projection:
    """A map of N codes, and how it was made: the same again for the same codes.

    Attributes:
        xy: (N, n_components); without unit, but for "pca", where it is the code's.
        method: one of `METHODS`.
        seed: of the layout; "pca" has no use for it below `NARROW` dimensions.
        params: the method's knobs as they were used: a number of neighbours is cut to what N allows.
        axes: what the coordinates mean, for "pca"; its `share` is the explained share of the variance.
        graph: what UMAP rests on; to be handed to the next call with the same codes.
    """

    xy: Floats
    method: str
    seed: int
    params: dict[str, Value]
    axes: PCA | None = None
    graph: Graph | None = None


def project(
    z: ArrayLike,
    method: str,
    seed: int = 0,
    n_components: int = 2,
    graph: Graph | None = None,
    progress: Progress | None = None,
    **params: object,
) -> Projection:
    """Lay codes out in two or three dimensions.

    Args:
        z: (N, D) codes.
        method: one of `METHODS`.
        seed: of all randomness.
        n_components: 2 or 3.
        graph: of these codes, from `neighbour_graph` or an earlier `Projection`, for "umap"; computed if it is None.
        progress: told the share that "umap" has done, of its neighbours and its epochs; the others can't say.
        **params: the method's knobs; for UMAP's own defaults, `**FULL_QUALITY`.

    Raises:
        ValueError: what can't be laid out, an unknown method or setting, or a graph of other codes.
    """
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}; known are {', '.join(METHODS)}.")
    knobs = from_dict(METHODS[method], params)
    codes = as_codes(z)
    if method == "pca":
        axes = principal(codes, n_components, seed)
        return Projection(axes.project(codes), method, seed, {}, axes=axes)
    n, d = codes.shape
    if n < LEAST or d < n_components:
        raise ValueError(f"{n_components} coordinates need {LEAST} codes of as many dimensions, not {n} of {d}.")
    if (codes == codes[0]).all():
        raise ValueError("All codes are the same: there is nothing to lay out.")
    if isinstance(knobs, UmapKnobs):
        return _umap(codes, knobs, seed, n_components, graph, progress or (lambda share: None))  # noqa: ARG005
    assert isinstance(knobs, TsneKnobs)
    return _tsne(codes, knobs, seed, n_components)


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


def _umap(
    codes: Floats, knobs: UmapKnobs, seed: int, n_components: int, graph: Graph | None, progress: Progress
) -> Projection:
    """umap-learn's own, with the nearest neighbours: its search for approximate ones takes 30 s to compile."""
    n = len(codes)
    searched = 0.0  # the share of the work that is the search: nanoseconds on one core, roughly
    k = min(knobs.n_neighbors, n - 1)  # a code is its own first neighbour there
    used: dict[str, Value] = asdict(knobs) | {"n_neighbors": k}
    if graph is None:
        near = _narrowed(codes, knobs.metric)
        search, epochs = n**2 * (2.5 + 0.04 * near.shape[1]), n * k * 100 * (knobs.n_epochs or default_epochs(n))
        searched = search / (search + epochs)
        graph = neighbour_graph(near, k - 1, knobs.metric, lambda share: progress(share * searched))
        graph = replace(graph, codes=digest(codes))
    elif len(graph.index) != n or graph.index.shape[1] < k - 1 or graph.metric != knobs.metric:
        what = f"{graph.index.shape[1]} neighbours ({graph.metric}) of {len(graph.index)} codes"
        raise ValueError(f"The graph has {what}; needed are {k - 1} ({knobs.metric}) of {n}.")
    elif graph.codes != digest(codes):
        raise ValueError("The graph is of other codes.")
    index = np.column_stack([np.arange(n), graph.index[:, : k - 1]])
    distance = np.column_stack([np.zeros(n, np.float32), graph.distance[:, : k - 1]])
    n_threads = torch.get_num_threads()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)  # for parametric UMAP only
            import umap  # type: ignore[import-untyped]

            warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)  # no new codes are to be placed
            shape = {"n_components": n_components, "precomputed_knn": (index, distance, None)}
            bar = _Bar(lambda share: progress(searched + share * (1 - searched)))
            told = {"disable": False, "file": bar, "bar_format": "{percentage}", "mininterval": 0, "miniters": 1}
            settings = used | shape | {"n_epochs": knobs.n_epochs or default_epochs(n), "tqdm_kwds": told}
            layout = umap.UMAP(**settings, random_state=seed, n_jobs=1)  # one job is what a seed asks for
            xy: Floats = layout.fit_transform(codes).astype(np.float32)
    finally:
        torch.set_num_threads(n_threads)  # numba gives torch a thread for every core
    return Projection(xy, "umap", seed, used, graph=graph)


def _narrowed(codes: Floats, metric: str) -> Floats:
    """Where to look for UMAP's neighbours: of many wide codes, their first `NARROW` components, as Scanpy does with 50.

    Of MNIST's 10,000 test images that takes a fifth of the time and finds 90 % of the neighbours, at no cost to the
    map: its trustworthiness was 0.9592 (exact: 0.9587) for seed 0. Angles are not those about the origin there.
    """
    if codes.shape[1] <= NARROW or len(codes) <= MANY or metric != "euclidean":
        return codes
    return principal(codes, NARROW, 0).project(codes)


def default_epochs(n: int) -> int:
    """umap-learn's own choice for n codes."""
    return 500 if n <= 10_000 else 200


class _Bar(io.TextIOBase):
    """Where tqdm, whose bar is all that umap-learn says of its progress, writes its percentages."""

    def __init__(self, told: Progress) -> None:
        self._told = told

    def write(self, text: str) -> int:
        if percentage := text.strip():
            self._told(float(percentage) / 100)
        return len(text)


def _tsne(codes: Floats, knobs: TsneKnobs, seed: int, n_components: int) -> Projection:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(knobs.perplexity, (len(codes) - 1) / 3)  # three times as many neighbours are looked at
    settings = {"metric": knobs.metric, "max_iter": knobs.max_iter, "perplexity": perplexity}
    layout = TSNE(n_components, init="pca", random_state=seed, n_jobs=1, **settings)
    with threadpool_limits(1):  # threads add up in any order, and the layout would not come out the same again
        xy: Floats = layout.fit_transform(codes).astype(np.float32)
    return Projection(xy, "tsne", seed, asdict(knobs) | {"perplexity": perplexity})
