"""What the page shows of a model, remembered: draws, costs, dependence and completions."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Floats
from latentlab.analysis.pixels.costs import Costs, costs
from latentlab.analysis.pixels.drawing import Completions, Growth, dependence, fill_in, grow
from latentlab.models import Autoregressive, AutoregressiveGiven, LogLikelihood, OneByOne
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.masks import given
from pages.shared.remember import remember

SEED = 0
WORK = 60_000  # pixels of examples, times classes, that are measured before the page is shown
FEWEST, MOST = 20, 200  # examples that are measured
N_DRAWS = 128  # of what is hidden
SHOWN = 12


def model_of(run: Subject) -> Autoregressive:
    """The run's model."""
    model = cached.model(run)
    if not isinstance(model, Autoregressive):
        raise TypeError(f"{run.title} gives no probability of a pixel from those before it.")
    return model


def has_classes(run: Subject) -> bool:
    """Whether the class can be chosen."""
    return isinstance(model_of(run), AutoregressiveGiven)


def way(run: Subject, y: int | None) -> OneByOne:
    """p(x), or p(x|y) of a class: what all of the page is about."""
    model = model_of(run)
    return model if y is None or not isinstance(model, AutoregressiveGiven) else model.given(y)


def example(run: Subject, i: int) -> Tensor:
    """(1, H, W): a test example as the model takes it; gray levels are drawn as bits once where it takes bits."""
    return _levels(run, cached.examples(run)[i : i + 1].batch().x, i)[0]


def _levels(run: Subject, x: Tensor, seed: int) -> Tensor:
    model = model_of(run)
    return model.binarise(x, device.generator(seed)) if isinstance(model, LogLikelihood) else x


@remember(32)
def growth(run: Subject, y: int | None, seed: int) -> Growth:
    """A draw."""
    return grow(way(run, y), run.shape, seed)


@remember(64)
def depends(run: Subject, y: int | None, seed: int, pixel: int) -> Floats:
    """(H, W) on which pixels of the draw one depends."""
    one = way(run, y)
    return dependence(one.log_levels, one.values, torch.from_numpy(growth(run, y, seed).x), pixel)


@remember(16)
def measured(run: Subject) -> Costs:
    """Of the first test examples, the class of none given."""
    model = model_of(run)
    n_passes = run.spec.n_classes if isinstance(model, AutoregressiveGiven) else 1
    n = min(len(cached.examples(run)), max(FEWEST, min(MOST, WORK // (math.prod(run.shape) * n_passes))))
    return costs(model.log_conditionals, _levels(run, cached.examples(run)[:n].batch().x, SEED))


@remember(64)
def cost_of(run: Subject, y: int | None, i: int) -> Costs:
    """Of one test example."""
    return costs(way(run, y).log_conditionals, example(run, i)[None])


@remember(64)
def class_probabilities(run: Subject, i: int) -> Floats | None:
    """(K,) p(y|x) of one test example by Bayes' rule, of equally probable classes; None without classes."""
    model, x = model_of(run), example(run, i)[None]
    if not isinstance(model, AutoregressiveGiven):
        return None
    with torch.no_grad():
        log_p = [model.given(y).log_conditionals(x).sum() for y in range(run.spec.n_classes)]
    return np.asarray(torch.stack(log_p).softmax(0), dtype=np.float32)


@remember(32)
def completed(run: Subject, y: int | None, i: int, mask: str, seed: int) -> Completions:
    """Ways to fill in what a mask hides of a test example."""
    return fill_in(way(run, y), example(run, i), ~given(run.shape, mask), N_DRAWS, SHOWN, seed)
