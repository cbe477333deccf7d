"""What is measured of the layers of a run, over the test examples saved with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

from latentlab import device
from latentlab.analysis.arrays import Floats, Labels, floats
from latentlab.analysis.latent.layer_usage import LayerUsage, UsageHistory, layer_usage, usage_history
from latentlab.analysis.latent.pca import principal
from latentlab.analysis.latent.resampling import Resampled, resample
from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.analysis.stats import Proportion, proportion
from latentlab.models import Layered
from latentlab.runs import unit_kl
from latentlab.subjects import StoredRun, Subject
from pages.shared import cached
from pages.shared.conditional import labelled
from pages.shared.remember import remember

SEED = 0
PENALTY = 0.01  # of the classifiers, on standardised codes
DRAWS = 10  # of all layers for each example, for what they carry


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


def model_of(run: Subject) -> Layered:
    """The run's model."""
    model = cached.model(run)
    if not isinstance(model, Layered):
        raise TypeError(f"{run.title} has no layers of latent variables.")
    return model


@remember(16, "Measuring what the layers carry …")
def usage(run: Subject) -> tuple[LayerUsage, ...]:
    """What each layer carries."""
    rng = device.generator(SEED)
    return layer_usage(partial(model_of(run).unit_kl, rng=rng), cached.examples(run).batch().x, DRAWS)


@remember(16)
def record(run: Subject) -> UsageHistory | None:
    """What the units carried in the course of the training; None if that was not recorded."""
    rows = unit_kl.read(run.store, run.id) if isinstance(run, StoredRun) else []
    return usage_history(rows) if rows else None


@remember(8, "Mapping the layers …")
def maps(run: Subject) -> tuple[LayerMap, ...]:
    """Each layer from z1 up; a classifier is fitted to the first half of the examples and tried on the others."""
    known = labelled(run) if len(run.classes) > 1 else cached.examples(run)
    rng, y = device.generator(SEED), known.y.numpy()
    with torch.no_grad():
        codes = {name: floats(q.draw(rng)) for name, q in model_of(run).infer(known.batch().x, rng).items()}
    return tuple(LayerMap(name, _plane(z), y, _read(z, y, len(run.classes))) for name, z in codes.items())


@remember(16)
def decided(run: Subject, example: int, n: int) -> tuple[Resampled, ...]:
    """Each layer of an example held at its mean, and n draws of all that is below it; the top layer first."""
    model, rng = model_of(run), device.generator(SEED)
    with torch.no_grad():
        held = model.infer(cached.examples(run)[example : example + 1].batch().x)
    names = [layer.name for layer in reversed(model.layers)]
    return tuple(resample(name, held[name].mean, partial(model.generate, name, rng=rng), n) for name in names)


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
