"""An image drawn pixel by pixel, what was expected of each, and on which earlier ones that depends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.arrays import Floats
from latentlab.models import OneByOne


@dataclass(frozen=True)
class Growth:
    """A draw: all its steps at once, since what is expected of a pixel depends on earlier ones only.

    Attributes:
        x: (1, H, W) the finished image.
        expected: (H, W) the mean of each pixel when it was its turn.
        bits: (H, W) -log2 of the probability of what was drawn.
    """

    x: Floats
    expected: Floats
    bits: Floats


@torch.no_grad()
def grow(model: OneByOne, shape: tuple[int, ...], seed: int) -> Growth:
    """Draw one image (1, H, W)."""
    empty, everything = torch.zeros(1, *shape), torch.ones(shape, dtype=torch.bool)
    x = model.complete(empty, everything, device.generator(seed)).x
    expected = (model.log_levels(x).exp() @ model.values)[0, 0]
    bits = -model.log_conditionals(x)[0, 0] / math.log(2)
    return Growth(x[0].numpy(), expected.numpy(), bits.numpy())


def dependence(log_levels: Callable[[Tensor], Tensor], values: Tensor, x: Tensor, pixel: int) -> Floats:
    """By how much each pixel moves the log odds that one pixel is lighter than middle gray: their gradient.

    Args:
        log_levels: of (1, 1, H, W), the log-probability of each level of each pixel, (1, 1, H, W, L).
        values: (L,) the levels, rising from 0 to 1.
        x: (1, H, W) the image.
        pixel: which, in the order of reading.

    Returns:
        (H, W): zero where nothing depends on, so from the pixel itself on. Between black and white the log odds move by
        about so much.
    """
    given = x[None].detach().clone().requires_grad_()
    log_p = log_levels(given).flatten(1, -2)[0, pixel]
    light = values > 0.5
    log_odds = log_p[light].logsumexp(0) - log_p[~light].logsumexp(0)
    if not log_odds.requires_grad:  # no pixel is read
        return np.zeros(given.shape[2:], np.float32)
    (gradient,) = torch.autograd.grad(log_odds, given)
    found: Floats = gradient[0, 0].numpy()
    return found


@dataclass(frozen=True)
class Completions:
    """Ways to fill in the hidden pixels of an image.

    Attributes:
        x: (n, 1, H, W): chosen among all draws in proportion to their weights.
        ess: the effective number of draws: all of them where nothing is shown after the first hidden pixel.
        n_draws: how many there were.
        later: how many shown pixels come after the first hidden one.
    """

    x: Floats
    ess: float
    n_draws: int
    later: int


def fill_in(model: OneByOne, x: Tensor, hidden: Tensor, n_draws: int, n: int, seed: int) -> Completions:
    """Draw the hidden pixels (1, H, W) of an image (1, H, W) in order, with weights by the shown pixels after them.

    A draw follows what lies before each hidden pixel only, so its weight is the probability that the model gives to
    the shown pixels that come later (likelihood weighting); n of the draws are chosen by weight, evenly spaced.
    """
    rng = device.generator(seed)
    found = model.complete(x.expand(n_draws, *x.shape), hidden, rng)
    weight = found.log_weight.double().softmax(0).numpy()
    places = (np.arange(n) + float(torch.rand(1, generator=rng))) / n
    chosen = np.searchsorted(weight.cumsum(), places).clip(max=n_draws - 1)
    flat = hidden.flatten()
    first = int(flat.int().argmax()) if bool(flat.any()) else len(flat)
    return Completions(found.x.numpy()[chosen], float(1 / np.square(weight).sum()), n_draws, int((~flat[first:]).sum()))
