"""log p(x) itself where a code has one dimension or two: the integral over all codes, as a sum over a grid.

    log p(x) = log ∫ p(x|z) p(z) dz ≈ log Σ_g h^d p(x|z_g) p(z_g)        z_g a grid of step h

The integrand is smooth and vanishes at the ends, so the error of the sum falls faster than any power of h (Trefethen &
Weideman 2014). The step is halved, near the codes that count for any example, until the sum no longer changes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from latentlab.analysis.latent.bounds import Bound
from latentlab.models import Encodes, HasLikelihood, HasPrior, Model

MOST_DIMS = 2
STEP, HALVINGS = 0.05, 6  # the step at first, and how often it is halved at most
COUNTS = 18.0  # nats below the most probable code of an example, down to which a code counts
AROUND = 3  # steps around a code that counts, which are taken with the next step
TOLERANCE = (
    0.1  # nats: of a Gaussian's sum, that a step errs so much means that half of it errs by 1e-5 (4th power / 8)
)
MARGIN, EXTENT = 2.0, 6.0  # beyond the codes of the examples, and at least
CHUNK = 1_000_000  # values of decoded codes at once
CHECKED = 50  # codes of each chunk whose log-likelihoods are computed one by one, too


def can_integrate(model: Model) -> bool:
    """Whether all of a model's codes can be summed over: p(x|z) and p(z) are known, and z has few dimensions."""
    return isinstance(model, HasLikelihood) and isinstance(model, HasPrior) and model.z_dim <= MOST_DIMS


@torch.no_grad()
def integrated(model: Model, x: Tensor) -> Bound:
    """log p(x) of each example.

    Args:
        model: one that `can_integrate`.
        x: (B, *shape), binarised already where the model takes binary values.

    Raises:
        TypeError: it can't be.
        ValueError: the sum still changes at the finest step.
    """
    if not (isinstance(model, HasLikelihood) and isinstance(model, HasPrior) and can_integrate(model)):
        raise TypeError(f"The codes of {model.name} can't be summed over.")
    extent = EXTENT
    if isinstance(model, Encodes):
        extent = max(extent, float(model.encode(x).abs().max()) + MARGIN)
    n, step = math.ceil(extent / STEP), STEP
    grid = _cartesian(range(-n, n + 1), model.z_dim)
    found = x.new_full((len(x),), math.nan, dtype=torch.float64)
    open_ = torch.arange(len(x), device=x.device)  # the examples whose sum may still change
    for _ in range(HALVINGS + 1):
        each = _log_joint(model, x[open_], (step * grid).to(x))
        sums = each.logsumexp(1) + model.z_dim * math.log(step)
        still = ~((sums - found[open_]).abs() < TOLERANCE)
        found[open_] = sums
        open_, each = open_[still], each[still]
        if not len(open_):
            return Bound(0, found.cpu().numpy())
        grid, step = _finer(grid[(each > each.amax(1, keepdim=True) - COUNTS).any(0).cpu()]), step / 2
    raise ValueError("The codes of these examples are so narrow that a sum over all codes doesn't settle.")


def _finer(grid: Tensor) -> Tensor:
    """The points `AROUND` each of some points of a grid, each once, counted in half of its step."""
    around = _cartesian(range(-AROUND, AROUND + 1), grid.shape[1])
    points = (2 * grid.unsqueeze(1) + around).flatten(0, 1)
    low = points.amin(0)
    sides = (points.amax(0) - low + 1).tolist()
    flat = points[:, 0] - low[0]
    for k, side in enumerate(sides[1:], 1):
        flat = flat * side + points[:, k] - low[k]
    columns = torch.unravel_index(flat.unique(), tuple(sides))
    return torch.stack(columns, 1) + low


def _cartesian(one: range, n_dims: int) -> Tensor:
    """(G, n_dims) int64: all points with these coordinates."""
    return torch.cartesian_prod(*[torch.tensor(one)] * n_dims).reshape(-1, n_dims)


def _log_joint(model: HasLikelihood, x: Tensor, z: Tensor) -> Tensor:
    """(B, G) nats in double precision: log p(x|z) p(z) of each example and each code."""
    assert isinstance(model, HasPrior)
    parts = z.split(max(1, CHUNK // x[:1].numel()))
    return torch.cat([_log_likelihoods(model, x, part) + model.prior.log_prob(part).double() for part in parts], 1)


def _log_likelihoods(model: HasLikelihood, x: Tensor, z: Tensor) -> Tensor:
    """(B, G) nats in double precision: log p(x|z) of each example under each code.

    Bernoulli and Gaussian densities, the continuous Bernoulli's too, are at most quadratic in the value of a pixel:
    a x² + b x + c, so their values at -1, 0 and 1 give that of any example by products of matrices. Where that isn't so
    of one example, each is taken alone.
    """
    three = x.new_tensor([-1, 0, 1]).reshape(3, *[1] * x.dim()).expand(3, 1, *x.shape[1:])
    low, c, high = model.pixel_log_likelihood(three, z.unsqueeze(0)).flatten(2).double()
    a, b, values = (high + low) / 2 - c, (high - low) / 2, x.flatten(1).double()
    found: Tensor = values.square() @ a.mT + values @ b.mT + c.sum(1)
    some = model.pixel_log_likelihood(x[:1].unsqueeze(1), z[:CHECKED].unsqueeze(0)).flatten(2).sum(2).double()
    if torch.allclose(some, found[:1, :CHECKED], rtol=1e-4, atol=1e-2):
        return found
    each = [model.pixel_log_likelihood(one.unsqueeze(0), z.unsqueeze(0)).flatten(2).sum(2) for one in x.unsqueeze(1)]
    return torch.cat(each).double()
