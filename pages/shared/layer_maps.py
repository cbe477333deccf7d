"""One draw of each layer of latent variables for each example, on its two main directions."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from latentlab import device
from latentlab.analysis.arrays import Floats, Labels, floats
from latentlab.analysis.latent.pca import principal
from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.analysis.stats import Proportion, proportion
from latentlab.models import Layered
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.conditional import labelled
from pages.shared.remember import remember

SEED = 0
PENALTY = 0.01  # of the classifiers, on standardised codes


@dataclass(frozen=True)
class LayerMap:
    """One draw of a layer for each labelled example.

    Attributes:
        name: of the layer.
        xy: (N, 2) its two main directions; of a layer of one dimension that and zeros.
        y: (N,) the classes.
        read: of held-out examples, the share whose class a linear classifier of the layer names; None without classes.
    """

    name: str
    xy: Floats
    y: Labels
    read: Proportion | None

    @property
    def title(self) -> str:
        """Its name, and how well the class is read from it."""
        return self.name if self.read is None else f"{self.name}, class read {self.read.value:.0%}"


@remember(12, "Mapping the layers …")
def layer_maps(run: Subject) -> tuple[LayerMap, ...]:
    """Each layer from z1 up; a classifier is fitted to the first half of the examples and tried on the others."""
    model = cached.model(run)
    if not isinstance(model, Layered):
        raise TypeError(f"{run.title} has no layers of latent variables.")
    known = labelled(run) if len(run.classes) > 1 else cached.examples(run)
    rng, y = device.generator(SEED), known.y.numpy()
    with torch.no_grad():
        codes = {name: floats(q.draw(rng)) for name, q in model.infer(known.batch().x, rng).items()}
    return tuple(LayerMap(name, _plane(z), y, _read(z, y, len(run.classes))) for name, z in codes.items())


def _plane(z: Floats) -> Floats:
    found = principal(z, min(2, z.shape[1]), SEED).project(z)
    return found if found.shape[1] == 2 else floats(torch.nn.functional.pad(torch.from_numpy(found), (0, 1)))


def _read(z: Floats, y: Labels, n_classes: int) -> Proportion | None:
    half = len(z) // 2
    if n_classes < 2 or half < n_classes:
        return None
    try:
        probe = linear_probe(z[:half], y[:half], l2=PENALTY, n_classes=n_classes)
    except ValueError:  # all that are labelled are of one class
        return None
    return proportion(probe.log_probs(z[half:]).argmax(1) == y[half:])
