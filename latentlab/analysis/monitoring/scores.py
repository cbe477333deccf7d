"""How strange examples are to a model, and what it expected instead of them.

The score is -ELBO, the mean of n draws, of an example whose class is unknown: it is log p(x) itself where that is exact
(the sign turned), and of a model with classes the bound U of Maaløe et al. (2016), eq. 8, which is exact in y:

    U(x) = E[Σ_y q(y|·) (log w(x, y) - log q(y|·))]

A model that only encodes and decodes scores by the squared error of its reconstruction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, doubles
from latentlab.distributions import LOG_2PI
from latentlab.models import (
    Decodes,
    DecodesGiven,
    Encodes,
    HasLikelihood,
    HasPosterior,
    InfersClass,
    LogLikelihood,
    Model,
)

SCORE: tuple[type[Model], ...] = (LogLikelihood, InfersClass, Encodes)  # one of which a model has that scores
DRAWS = 10
CHUNK = 2_000  # examples times draws at once
LEAST_STD = 1e-6  # of a value that normal data never vary in


def can_score(model: Model) -> bool:
    """Whether a model says how strange an example is."""
    return isinstance(model, (LogLikelihood, InfersClass)) or _reconstructs(model)


def unit(model: Model) -> str:
    """Of its scores: nats, or the squared error of a model without a likelihood."""
    return "nats" if isinstance(model, (LogLikelihood, InfersClass)) else "squared error"


@torch.no_grad()
def scores(model: Model, x: Tensor, n: int, rng: torch.Generator) -> Doubles:
    """(B, *shape) -> (B,): how strange each is, higher is stranger, as the mean of n draws.

    Raises:
        ValueError: the model neither bounds log p(x) nor reconstructs.
    """
    if not len(x):
        return np.zeros(0)
    draws = 1 if isinstance(model, LogLikelihood) and model.exact else n
    per_chunk = max(1, CHUNK // draws)
    return np.concatenate([doubles(_scores(model, part, draws, rng)) for part in x.split(per_chunk)])


def _scores(model: Model, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
    if isinstance(model, InfersClass):
        drawn = model.class_draws(x, n, rng)
        log_q_y = drawn.log_q_y.double()
        return -(log_q_y.exp() * (drawn.log_w.double() - log_q_y)).sum(1).mean(0)
    if isinstance(model, LogLikelihood):
        bounds = model.log_prob(x.repeat(n, *[1] * (x.dim() - 1)), 1, rng)
        return -bounds.reshape(n, len(x)).mean(0)
    means = _draws(model, x, n, rng).means
    return (means - x.flatten(1)).square().sum(-1).mean(0)


@dataclass(frozen=True)
class Expected:
    """What a model expected of B examples of D values.

    Attributes:
        mean: (B, D) what each value should have been.
        std: (B, D) how far from it values usually are.
        nats: (B, D) the mean over the draws of -log p(x_d|z): what each value adds to the score.
    """

    mean: Doubles
    std: Doubles
    nats: Doubles

    def apart(self, x: Doubles) -> Doubles:
        """(B, D) -> (B, D): how far the values are from what was expected, in standard deviations."""
        far: Doubles = (x - self.mean) / self.std
        return far


@torch.no_grad()
def expected(model: Model, x: Tensor, n: int, rng: torch.Generator, usual: Doubles) -> Expected:
    """What a model expected of each value, by n draws of its code.

    Args:
        model: one that reconstructs.
        x: (B, *shape).
        n: draws.
        rng: of the draws.
        usual: (D,) of `usual_error`: the standard deviations of a model that has no p(x_d|z).

    Raises:
        ValueError: the model doesn't reconstruct.
    """
    if not len(x):
        return Expected(*(np.zeros((0, len(usual))) for _ in range(3)))
    parts = [_expected(model, part, n, rng, usual) for part in x.split(max(1, CHUNK // n))]
    return Expected(*(np.concatenate(found) for found in zip(*parts, strict=True)))


def _expected(
    model: Model, x: Tensor, n: int, rng: torch.Generator, usual: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    flat, drawn = x.flatten(1).double(), _draws(model, x, n, rng)
    means = drawn.means.double()
    if isinstance(model, HasLikelihood) and drawn.z is not None:
        observed = model.observed(x).expand(len(drawn.z), *x.shape)
        nats = -model.pixel_log_likelihood(observed, drawn.z).flatten(2).double()
        peak = model.pixel_log_likelihood(means.float().reshape(observed.shape), drawn.z).flatten(2).double()
        std = (-peak - LOG_2PI / 2).exp()  # of the Gaussian with that peak
        variance = std.square().mean(0) + means.var(0, correction=0)
    else:
        std = torch.from_numpy(usual)
        nats = ((flat - means) / std).square() / 2 + std.log() + LOG_2PI / 2
        variance = std.square().expand_as(flat)
    return doubles(means.mean(0)), doubles(variance.sqrt()), doubles(nats.mean(0))


def usual_error(model: Model, normal: Tensor, n: int, rng: torch.Generator) -> Doubles:
    """(D,): how far the values of normal examples (N, *shape) usually are from what the model expected."""
    one = np.ones(math.prod(normal.shape[1:]))
    error = doubles(normal.flatten(1)) - expected(model, normal, n, rng, one).mean
    usual: Doubles = np.maximum(np.sqrt(np.square(error).mean(0)), LEAST_STD)
    return usual


class _Drawn(NamedTuple):
    """n draws of what B examples should be.

    Attributes:
        means: (n, B, D).
        z: (n, B, z_dim) the codes; None where they depend on a class.
    """

    means: Tensor
    z: Tensor | None


def _reconstructs(model: Model) -> bool:
    return (isinstance(model, Decodes) and isinstance(model, Encodes)) or _reconstructs_given(model)


def _reconstructs_given(model: Model) -> bool:
    return isinstance(model, InfersClass) and isinstance(model, DecodesGiven)


def _draws(model: Model, x: Tensor, n: int, rng: torch.Generator) -> _Drawn:
    if isinstance(model, Decodes) and isinstance(model, Encodes):
        z = model.posterior(x).draw(rng, n) if isinstance(model, HasPosterior) else model.encode(x)[None]
        return _Drawn(model.decode(z.flatten(0, 1)).reshape(*z.shape[:2], -1), z)
    if isinstance(model, InfersClass) and isinstance(model, DecodesGiven):
        return _Drawn(_over_classes(model, model, x, n, rng), None)
    raise ValueError("This model doesn't reconstruct an example.")


def _over_classes(infers: InfersClass, decodes: DecodesGiven, x: Tensor, n: int, rng: torch.Generator) -> Tensor:
    """(n, B, D): the mean over the classes, as probable as each is."""
    drawn = infers.class_draws(x, n, rng)
    n_classes, size = drawn.log_w.shape[1], len(x)
    z = drawn.z.expand(n, n_classes, size, -1).flatten(0, 2)
    y = torch.arange(n_classes, device=x.device)[None, :, None].expand(n, n_classes, size).flatten()
    means = decodes.decode(z, y).reshape(n, n_classes, size, -1)
    return (drawn.log_q_y.exp()[..., None] * means).sum(1)
