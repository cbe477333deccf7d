"""The Parzen estimate of a log-likelihood: a Gaussian about each sample of a model (Parzen 1962; Breuleux et al. 2011).

    log p(x) ≈ log 1/M Σ_j N(x; s_j, h² I)

with the width h that makes the validation examples most probable. On average it is too low, and a poor measure in many
dimensions: samples that repeat the training set score well, and the centres of k-means better than real images (Theis,
van den Oord & Bethge 2016). Compare only numbers of the same data, the same M and the same rule for h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, flat
from latentlab.analysis.sampling.targets import SamplingError
from latentlab.analysis.stats import standard_error
from latentlab.distributions import LOG_2PI

WIDTHS = tuple(float(w) for w in np.geomspace(0.05, 0.5, 21).round(4))  # for intensities in [0, 1]
ROWS = 500  # examples at once: with 10,000 samples 40 MB of distances


@dataclass(frozen=True)
class Parzen:
    """The estimate, in nats an example.

    Attributes:
        log_likelihood: mean over the test examples.
        standard_error: of that mean, over the test examples.
        width: h, chosen on the validation examples.
        widths: (W,) that were tried.
        curve: (W,) mean log-likelihood of the validation examples for each.
        per_example: (N,) of the test examples.
    """

    log_likelihood: float
    standard_error: float
    width: float
    widths: Doubles
    curve: Doubles
    per_example: Doubles


def parzen(samples: Tensor, test: Tensor, valid: Tensor, widths: Sequence[float] = WIDTHS) -> Parzen:
    """Estimate the log-likelihood of test examples from samples.

    Args:
        samples: (M, *shape) of a model; uint8 counts as intensities from 0 to 1.
        test: (N, *shape) examples to estimate.
        valid: (V, *shape) the width is chosen on.
        widths: to choose from, positive.

    Raises:
        SamplingError: shapes that differ, no width, or fewer than two test examples.
    """
    if samples.shape[1:] != test.shape[1:] or samples.shape[1:] != valid.shape[1:]:
        raise SamplingError("Samples and examples must have one shape.")
    if not widths or min(widths) <= 0 or len(test) < 2 or not len(samples) or not len(valid):
        raise SamplingError("It takes samples, validation examples, two test examples, and a positive width.")
    curve = log_density(samples, valid, widths).mean(1)
    best = int(np.argmax(curve))
    per_example = log_density(samples, test, [widths[best]])[0]
    error = standard_error(per_example)
    tried = np.asarray(widths, np.float64)
    return Parzen(float(per_example.mean()), error, float(widths[best]), tried, curve, per_example)


@torch.no_grad()
def log_density(samples: Tensor, x: Tensor, widths: Sequence[float]) -> Doubles:
    """(M, *shape), (N, *shape) -> (W, N): log 1/M Σ_j N(x; s_j, h² I) for each width h, in nats."""
    s, places = flat(samples), flat(x)
    origin = s.mean(0)
    s = s - origin
    m, d = s.shape
    norms = s.square().sum(1)
    found = []
    for part in places.split(ROWS):
        q = part - origin
        squares = torch.addmm(norms + q.square().sum(1, keepdim=True), q, s.T, alpha=-2).clamp_(min=0)
        rows = [
            torch.logsumexp(squares * (-0.5 / h**2), 1) - np.log(m) - d * (np.log(h) + 0.5 * LOG_2PI) for h in widths
        ]
        found.append(torch.stack(rows))
    return torch.cat(found, 1).cpu().numpy()


@torch.no_grad()
def bernoulli_bound(logits: Tensor, x: Tensor) -> Doubles:
    """(M, *shape), (N, *shape) -> (N,) nats: log 1/M Σ_j p(x|h_j) of binary examples, from M steps of a chain.

    On average a lower bound on the log-probability that the chain's stationary law gives x, for any M (conservative
    sampling-based likelihood: Bengio, Yao & Cho 2013); tight as M grows.

    Args:
        logits: of p(x|h_j), independent pixels.
        x: 0 or 1.
    """
    given = logits.flatten(1).double()
    rest = -torch.nn.functional.softplus(given).sum(1)  # of an image that is all 0
    found = [torch.logsumexp(part.double() @ given.T + rest, 1) for part in x.flatten(1).split(ROWS)]
    return np.asarray(torch.cat(found).cpu().numpy() - np.log(len(given)), np.float64)
