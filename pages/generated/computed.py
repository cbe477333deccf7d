"""What the page computes of a run, a classifier and a preprocessing, remembered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.classification.preprocessing import AS_THEY_ARE, OTHER_RANGE, THRESHOLDED, Both
from latentlab.analysis.generated.images import Generated, generated
from latentlab.analysis.generated.overlap import Overlap, overlap
from latentlab.analysis.generated.recognition import Recognition, recognised
from latentlab.analysis.latent.traversal import ManifoldGrid, Spacing, manifold_grid, plane
from latentlab.data import UNLABELLED, Batch, Dataset
from latentlab.models import Classifies
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.background import Task, run_task
from pages.shared.remember import remember

WAYS = {way.name: way for way in (AS_THEY_ARE, THRESHOLDED, OTHER_RANGE, Both(THRESHOLDED, OTHER_RANGE))}
N_PAIRS = 100  # examples among which pairs are chosen
TILES, EXTENT = 20, 3.0  # along a side of the plane, and where it ends, as in the source


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some examples, what became of each, and what the classifier predicts of both.

    Attributes:
        made: the images.
        found: name -> what is recognised of them.
    """

    made: Generated
    found: dict[str, Recognition]


@dataclass(frozen=True, eq=False)
class PredictedPlane:
    """A plane of the latent space, and what the classifier predicts of each place; arrays are (n, n)."""

    grid: ManifoldGrid
    predicted: Labels
    probability: Floats


def labelled(run: Subject) -> Dataset:
    """The saved examples that have a class."""
    data = cached.examples(run)
    return data[torch.nonzero(data.y != UNLABELLED)[:, 0]]


def images(run: Subject) -> Task[Generated]:
    """All images of the page, from the background process."""
    batch = labelled(run).batch()
    return run_task(f"generated {run.key}", partial(generated, cached.model(run), batch.x, batch.y))


def recognitions(run: Subject, by: Subject, made: Generated, way: str) -> Task[dict[str, Recognition]]:
    """What a classifier recognises in all images, changed by one of `WAYS`, from the background process."""
    call = partial(recognised, made.images, classifier_of(by).classify, WAYS[way])
    return run_task(f"recognised {run.key} {by.key} {way}", call)


@remember(16, "Drawing images …")
def few_images(run: Subject) -> Generated:
    """Images of the first `N_PAIRS` examples."""
    batch = few(run)
    return generated(cached.model(run), batch.x, batch.y)


@remember(32, "Classifying images …")
def pairs(run: Subject, by: Subject, way: str) -> Pairs:
    """The same with the classifier's predictions."""
    made = few_images(run)
    return Pairs(made, recognised(made.images, classifier_of(by).classify, WAYS[way]))


def few(run: Subject) -> Batch:
    """The examples of `few_images`."""
    return labelled(run)[:N_PAIRS].batch()


def classifier_of(by: Subject) -> Classifies:
    """The model of a run that classifies."""
    model = cached.model(by)
    if not isinstance(model, Classifies):
        raise TypeError(f"{by.title} names no class.")
    return model


@remember(16, "Decoding the plane …")
def predicted_plane(run: Subject, by: Subject, axes: tuple[int, int], spacing: Spacing) -> PredictedPlane:
    """The plane of two dimensions, in standard deviations of the codes, all others at their mean."""
    decode = cached.decoder(run)
    place = plane(torch.zeros(len(cached.dimensions(run).order)), cached.directions(run, axes))
    grid = manifold_grid(lambda s: decode(place(s)), TILES, EXTENT, spacing)
    tiles = torch.from_numpy(grid.examples).flatten(0, 1)
    with torch.no_grad():
        log_probs = classifier_of(by).classify(tiles)
    best = log_probs.exp().max(1)
    square = (TILES, TILES)
    return PredictedPlane(grid, best.indices.reshape(square).numpy(), best.values.reshape(square).numpy())


def separation(run: Subject) -> Task[Overlap]:
    """How separated the classes of a run's codes are, from the background process."""
    return run_task(f"overlap {run.key}", partial(overlap, codes(run), labelled(run).y.numpy()))


@remember(16)
def codes(run: Subject) -> Floats:
    """(N, z_dim) of the examples that have a class."""
    known = cached.examples(run).y != UNLABELLED
    return cached.standard_codes(run)[known].numpy()
