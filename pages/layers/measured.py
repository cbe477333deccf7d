"""What is measured of the layers of a run, over the test examples saved with it."""

from __future__ import annotations

from functools import partial

import torch

from latentlab import device
from latentlab.analysis.latent.layer_usage import LayerUsage, UsageHistory, layer_usage, usage_history
from latentlab.analysis.latent.resampling import Resampled, resample
from latentlab.models import Layered
from latentlab.runs import unit_kl
from latentlab.subjects import StoredRun, Subject
from pages.shared import cached
from pages.shared.remember import remember

SEED = 0
DRAWS = 10  # of all layers for each example, for what they carry


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


@remember(16)
def decided(run: Subject, example: int, n: int) -> tuple[Resampled, ...]:
    """Each layer of an example held at its mean, and n draws of all that is below it; the top layer first."""
    model, rng = model_of(run), device.generator(SEED)
    with torch.no_grad():
        held = model.infer(cached.examples(run)[example : example + 1].batch().x)
    names = [layer.name for layer in reversed(model.layers)]
    return tuple(resample(name, held[name].mean, partial(model.generate, name, rng=rng), n) for name in names)
