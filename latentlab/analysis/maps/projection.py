"""Maps of codes: principal components, UMAP, t-SNE."""

from __future__ import annotations

import io
import warnings
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats, as_codes, digest
from latentlab.analysis.latent.pca import PCA, principal
from latentlab.analysis.neighbours import METRICS, Graph, Progress, neighbour_graph
from latentlab.knobs import Value, from_dict, knob

LEAST = 4  # codes that UMAP and t-SNE can lay out
NARROW, MANY = 100, 4_096  # dimensions and codes: beyond both, UMAP's neighbours are those in the first 100 components


@dataclass(frozen=True)
class NoKnobs:
    """Principal components have nothing to set."""


@dataclass(frozen=True)
class UmapKnobs:
    """UMAP (McInnes, Healy & Melville 2018). The defaults are for looking; `FULL_QUALITY` is umap-learn's own."""

    n_neighbors: int = knob(15, 2, 200, log=True, help="neighbours that a code is kept close to, itself included")
    min_dist: float = knob(0.1, 0.0, 0.99, help="how close together the map may put two codes")
    metric: str = knob("euclidean", choices=METRICS, help="distance between codes")
    n_epochs: int = knob(70, 0, 5_000, help="rounds; 0 is umap-learn's choice: 500 up to 10,000 codes, else 200")
    learning_rate: float = knob(0.5, 0.01, 10.0, log=True, help="size of the first steps; they shrink to nothing")
    negative_sample_rate: int = knob(8, 1, 50, log=True, help="codes that one is pushed from when it is pulled to one")
    init: str = knob("pca", choices=("pca", "spectral", "random"), help="where the layout starts")


@dataclass(frozen=True)
class TsneKnobs:
    """t-SNE (van der Maaten & Hinton 2008), scikit-learn's, started at the principal components."""

    perplexity: float = knob(30.0, 1.0, 500.0, log=True, help="neighbours that a code is kept close to, roughly")
    metric: str = knob("euclidean", choices=METRICS, help="distance between codes")
    max_iter: int = knob(1_000, 250, 10_000, help="rounds of optimisation")


METHODS: dict[str, type[NoKnobs | UmapKnobs | TsneKnobs]] = {"pca": NoKnobs, "umap": UmapKnobs, "tsne": TsneKnobs}
FULL_QUALITY: dict[str, Any] = {
    "n_epochs": 0,
    "learning_rate": 1.0,
    "negative_sample_rate": 5,
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
        progress: called with the share that "umap" has done, of its neighbours and its epochs; the others don't report
            it.
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
            bar_options = {"disable": False, "file": bar, "bar_format": "{percentage}", "mininterval": 0, "miniters": 1}
            settings = used | shape | {"n_epochs": knobs.n_epochs or default_epochs(n), "tqdm_kwds": bar_options}
            layout = umap.UMAP(**settings, random_state=seed, n_jobs=1)  # one job is what a seed asks for
            xy: Floats = layout.fit_transform(codes).astype(np.float32)
    finally:
        torch.set_num_threads(n_threads)  # numba gives torch a thread for every core
    return Projection(xy, "umap", seed, used, graph=graph)


def _narrowed(codes: Floats, metric: str) -> Floats:
    """Where to look for UMAP's neighbours: of many wide codes, their first `NARROW` components, as Scanpy does with 50.

    Of MNIST's 10,000 test images that takes a fifth of the time and finds 90 % of the neighbours, at no cost to the
    map: its trustworthiness was 0.962, 0.963, 0.961 (seeds 0, 1, 2; all pixels: 0.961, 0.960, 0.960). Cosine and
    correlation stay exact: angles change with the origin, and the components have another.
    """
    if codes.shape[1] <= NARROW or len(codes) <= MANY or metric != "euclidean":
        return codes
    return principal(codes, NARROW, 0).project(codes)


def default_epochs(n: int) -> int:
    """umap-learn's own choice for n codes."""
    return 500 if n <= 10_000 else 200


class _Bar(io.TextIOBase):
    """Where tqdm, whose bar is all that umap-learn says of its progress, writes its percentages."""

    def __init__(self, report: Progress) -> None:
        self._report = report

    def write(self, text: str) -> int:
        if percentage := text.strip():
            self._report(float(percentage) / 100)
        return len(text)


def _tsne(codes: Floats, knobs: TsneKnobs, seed: int, n_components: int) -> Projection:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    perplexity = min(knobs.perplexity, (len(codes) - 1) / 3)  # three times as many neighbours are looked at
    settings = {"metric": knobs.metric, "max_iter": knobs.max_iter, "perplexity": perplexity}
    layout = TSNE(n_components, init="pca", random_state=seed, n_jobs=1, **settings)
    with threadpool_limits(1):  # threads add up in any order, and the layout would not come out the same again
        xy: Floats = layout.fit_transform(codes).astype(np.float32)
    return Projection(xy, "tsne", seed, asdict(knobs) | {"perplexity": perplexity})
