"""What is measured of a cluster-aware run, over the test examples saved with it, and what is generated from a box."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Floats, Labels, floats
from latentlab.analysis.box import Box, around
from latentlab.analysis.conditional.cluster_use import ClusterUse, cluster_use
from latentlab.analysis.conditional.code_plane import CodePlane, code_plane, even_grid
from latentlab.analysis.latent.layer_usage import layer_usage
from latentlab.models import Classifies, InfersClusters
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.remember import remember

SEED = 0
DRAWS = 10  # of all layers for each example, for what the top layer carries
GRID = 8  # examples along a side of the box
REGIONS = 160  # places along a side of the plane whose cluster is found


@dataclass(frozen=True)
class Top:
    """The top layer of the saved examples.

    Attributes:
        plane: through it.
        places: (N, 2) of the means of the examples.
        whole: what of the plane is drawn.
        regions: (n, n) the most probable cluster of each place, row by row from the lowest.
        certainty: (n, n) its probability.
    """

    plane: CodePlane
    places: Floats
    whole: Box
    regions: Labels
    certainty: Floats


@dataclass(frozen=True)
class Predicted:
    """Both predictions of the cluster of the saved examples, at the means of the layers.

    Attributes:
        inferred: (N, K) q(y|z1, x).
        through_top: (N, K) p(y|x).
        y: (N,) classes, or UNLABELLED.
        use: of the most probable clusters from below, by the examples that have a class; None if none has.
        kl: what the top layer carries, in nats.
    """

    inferred: Floats
    through_top: Floats
    y: Labels
    use: ClusterUse | None
    kl: float

    @property
    def share(self) -> NDArray[np.float64]:
        """(K,) of the examples whose most probable cluster from below it is."""
        k = self.inferred.shape[1]
        share: NDArray[np.float64] = np.bincount(self.inferred.argmax(1), minlength=k) / len(self.inferred)
        return share


def model_of(run: Subject) -> InfersClusters:
    """The run's model."""
    model = cached.model(run)
    if not isinstance(model, InfersClusters):
        raise TypeError(f"{run.title} has no clusters between its layers.")
    return model


def is_named(run: Subject) -> bool:
    """Whether the clusters are the classes."""
    return run.has(Classifies)


def cluster_names(run: Subject) -> list[str]:
    """Of each cluster: that of its class, or a number from 1."""
    return list(run.classes) if is_named(run) else [f"cluster {k + 1}" for k in range(model_of(run).n_clusters)]


@remember(16)
def top(run: Subject) -> Top | None:
    """The top layer of the saved examples; None where it has one dimension, which is no plane."""
    model = model_of(run)
    name, dim = model.layers[-1]
    if dim < 2:
        return None
    with torch.no_grad():
        codes = floats(model.infer(cached.examples(run).batch().x)[name].mean)
        plane = code_plane(codes)
        places = plane.project(codes)
        whole = around(torch.from_numpy(places), 0.06)
        lattice = even_grid(whole, REGIONS).reshape(REGIONS, REGIONS, 2)[::-1].copy()  # from the lowest row
        log_probs = model.clusters_given(torch.from_numpy(plane.codes(lattice.reshape(-1, 2))))
    most = log_probs.max(1)
    regions = most.indices.reshape(REGIONS, REGIONS).numpy()
    return Top(plane, places, whole, regions, floats(most.values.exp()).reshape(REGIONS, REGIONS))


@remember(16, "Predicting the clusters …")
def predicted(run: Subject) -> Predicted:
    """Both predictions of the saved examples, and what the top layer carries."""
    model, examples = model_of(run), cached.examples(run)
    x, y = examples.batch().x, examples.y.numpy()
    rng = device.generator(SEED)
    with torch.no_grad():
        found = model.predictions(x)
        carried = layer_usage(partial(model.unit_kl, rng=rng), x, DRAWS)[-1]
    inferred, through = (floats(log_probs.exp()) for log_probs in found)
    known = y >= 0
    use = None
    if known.any():
        use = cluster_use(inferred.argmax(1)[known], y[known], model.n_clusters, len(run.classes))
    return Predicted(inferred, through, y, use, carried.total)


def errors(run: Subject, found: Predicted) -> tuple[float, float] | None:
    """Of both predictions, among the examples that have a class; None where the clusters have no names, or none has."""
    known = found.y >= 0
    if not is_named(run) or not known.any():
        return None
    wrong = [float((p.argmax(1) != found.y)[known].mean()) for p in (found.inferred, found.through_top)]
    return wrong[0], wrong[1]


@remember(32)
def from_box(run: Subject, box: Box, cluster: int | None, draws_cluster: bool, draws_z1: bool) -> Floats:
    """(GRID², *shape): an even grid of the box decoded, row by row from the top.

    Args:
        run: the subject.
        box: of the plane of its top layer.
        cluster: of all; None for that which follows from each place.
        draws_cluster: draw it there instead of the most probable one.
        draws_z1: draw z1 instead of its mean.
    """
    found, model = top(run), model_of(run)
    if found is None:
        raise ValueError("Codes of one dimension have no plane.")
    z = torch.from_numpy(found.plane.codes(even_grid(box, GRID)))
    rng = device.generator(SEED)
    with torch.no_grad():
        y = _clusters(model.clusters_given(z), cluster, draws_cluster, rng)
        return floats(model.generate_given(z, y, rng if draws_z1 else None))


def _clusters(log_probs: Tensor, cluster: int | None, draws: bool, rng: torch.Generator) -> Tensor:
    if cluster is not None:
        return torch.full((len(log_probs),), cluster)
    return torch.multinomial(log_probs.exp(), 1, generator=rng)[:, 0] if draws else log_probs.argmax(1)


def least_sure_first(found: Predicted) -> Labels:
    """(N,) the examples, those first on which the two predictions differ most."""
    apart = np.abs(found.inferred - found.through_top).sum(1)
    return np.argsort(-apart, kind="stable")
