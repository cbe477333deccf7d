"""What the page shows of a model, remembered: draws, costs, dependence and completions."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Floats
from latentlab.analysis.pixels.costs import Costs, costs
from latentlab.analysis.pixels.drawing import Completions, Growth, dependence, fill_in, grow
from latentlab.models import (
    Autoregressive,
    AutoregressiveGiven,
    AutoregressiveGivenCode,
    Layered,
    LogLikelihood,
    OneByOne,
)
from latentlab.subjects import Subject
from pages.pixels.condition import CodeDrawn, CodeOf, Condition, OfClass
from pages.shared import cached
from pages.shared.masks import given
from pages.shared.remember import remember

SEED = 0
WORK = 60_000  # pixels of examples, times classes, that are measured before the page is shown
FEWEST, MOST = 20, 200  # examples that are measured
N_DRAWS = 128  # of what is hidden
SHOWN = 12
CODE_DRAWS = 10  # of the layers, for what a code costs


def way(run: Subject, condition: Condition) -> OneByOne:
    """p(x), p(x|y) or p(x|z): what all of the page is about."""
    model = cached.model(run)
    if isinstance(model, AutoregressiveGivenCode):
        return model.given_code(code(run, condition))
    if isinstance(model, AutoregressiveGiven) and isinstance(condition, OfClass):
        return model.given(condition.y)
    return _whole(run)


def _whole(run: Subject) -> Autoregressive:
    model = cached.model(run)
    if not isinstance(model, Autoregressive):
        raise TypeError(f"{run.title} gives no probability of a pixel from those before it.")
    return model


def code(run: Subject, condition: Condition) -> Tensor:
    """(z_dim,): the code that is given."""
    model = cached.model(run)
    if isinstance(condition, CodeOf):
        return _codes(run, example(run, condition.example)[None])[0]
    if isinstance(condition, CodeDrawn) and isinstance(model, AutoregressiveGivenCode):
        with torch.no_grad():
            return model.sample_code(1, device.generator(condition.seed))[0]
    raise TypeError(f"{run.title} is not given a code.")


def example(run: Subject, i: int) -> Tensor:
    """(1, H, W): a test example as the model takes it; gray levels are drawn as bits once where it takes bits."""
    return _levels(run, cached.examples(run)[i : i + 1].batch().x, i)[0]


def _levels(run: Subject, x: Tensor, seed: int) -> Tensor:
    model = cached.model(run)
    return model.binarise(x, device.generator(seed)) if isinstance(model, LogLikelihood) else x


def _codes(run: Subject, x: Tensor) -> Tensor:
    """(B, *shape) -> (B, z_dim): a draw of the code of each."""
    layered, rng = _layered(run), device.generator(SEED)
    with torch.no_grad():
        return layered.infer(x, rng)[layered.layers[0].name].draw(rng)


def _layered(run: Subject) -> Layered:
    model = cached.model(run)
    if not isinstance(model, Layered):
        raise TypeError(f"{run.title} has no layers of latent variables.")
    return model


@remember(32)
def growth(run: Subject, condition: Condition, seed: int) -> Growth:
    """A draw."""
    return grow(way(run, condition), run.shape, seed)


@remember(64)
def depends(run: Subject, condition: Condition, seed: int, pixel: int) -> Floats:
    """(H, W) on which pixels of the draw one depends."""
    one = way(run, condition)
    return dependence(one.log_levels, one.values, torch.from_numpy(growth(run, condition, seed).x), pixel)


@remember(16)
def measured(run: Subject) -> Costs:
    """Of the first test examples: the class of none given, or the code of each."""
    x, model = _first(run), cached.model(run)
    if isinstance(model, AutoregressiveGivenCode):
        return costs(partial(model.log_conditionals_given, z=_codes(run, x)), x)
    return costs(_whole(run).log_conditionals, x)


@remember(64)
def code_bits(run: Subject, i: int | None = None) -> float:
    """What the code of one test example costs, or in the mean of those measured: its KL divergence from the prior."""
    x, rng = _first(run) if i is None else example(run, i)[None], device.generator(SEED)
    with torch.no_grad():
        found = [torch.cat([*_layered(run).unit_kl(x, rng).values()], 1).sum(1).mean() for _ in range(CODE_DRAWS)]
    return float(torch.stack(found).mean()) / math.log(2)


def _first(run: Subject) -> Tensor:
    """(N, 1, H, W): as many test examples as are measured at once."""
    n_passes = run.spec.n_classes if run.has(AutoregressiveGiven) else 1
    n = min(len(cached.examples(run)), max(FEWEST, min(MOST, WORK // (math.prod(run.shape) * n_passes))))
    return _levels(run, cached.examples(run)[:n].batch().x, SEED)


@remember(64)
def cost_of(run: Subject, condition: Condition, i: int) -> Costs:
    """Of one test example."""
    return costs(way(run, condition).log_conditionals, example(run, i)[None])


@remember(64)
def class_probabilities(run: Subject, i: int) -> Floats | None:
    """(K,) p(y|x) of one test example by Bayes' rule, of equally probable classes; None without classes."""
    model, x = cached.model(run), example(run, i)[None]
    if not isinstance(model, AutoregressiveGiven):
        return None
    with torch.no_grad():
        log_p = [model.given(y).log_conditionals(x).sum() for y in range(run.spec.n_classes)]
    return np.asarray(torch.stack(log_p).softmax(0), dtype=np.float32)


@remember(32)
def completed(run: Subject, condition: Condition, i: int, mask: str, seed: int) -> Completions:
    """Ways to fill in what a mask hides of a test example."""
    return fill_in(way(run, condition), example(run, i), ~given(run.shape, mask), N_DRAWS, SHOWN, seed)
