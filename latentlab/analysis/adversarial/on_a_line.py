"""A game in one dimension: both densities, the discriminator that was learned and the best one, and their distances.

Both densities are blurred by the same small width, so that they agree exactly where the distributions do; that of the
samples is a kernel estimate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.adversarial.best_discriminator import best_discriminator, jensen_shannon, sigmoid, value
from latentlab.analysis.arrays import Doubles, Reals
from latentlab.analysis.sampling.distances import wasserstein

N_PLACES = 400
BLUR = 1 / 150  # of the width of the data: of a bump with a standard deviation of 4 % of it, 1.4 % wider
MARGIN = 0.15  # of the width of the data, on both sides of it
SOME = 0.01  # of the highest density of the data: with less of both, the best discriminator is noise
FLOOR = 1e-12  # of a density that is drawn from kernels, whose logarithm is taken

Function = Callable[[Doubles], Doubles]  # of places (N,)


@dataclass(frozen=True, eq=False)
class OnALine:
    """What a game is on a line, at one step of the training.

    Attributes:
        places: (N,) ascending, at even distances.
        data: (N,) density of the data.
        samples: (N,) density of the samples.
        learned: (N,) D(x).
        best: (N,) D*(x); NaN where neither density is more than `SOME`.
        value: V of the learned discriminator, in nats.
        jensen_shannon: of the two densities, in nats.
        wasserstein: between examples and samples, in units of the data.
        std: of the examples.
        std_samples: of the samples.
        outside: share of the samples that is not between the first and the last place.
    """

    places: Doubles
    data: Doubles
    samples: Doubles
    learned: Doubles
    best: Doubles
    value: float
    jensen_shannon: float
    wasserstein: float
    std: float
    std_samples: float
    outside: float


def on_a_line(
    examples: Reals, samples: Reals, logits: Function, density: Callable[[float], Function] | None = None
) -> OnALine:
    """Compare samples with the data, and a discriminator with the best one.

    Args:
        examples: (N,) of the data.
        samples: (M,) of the generator.
        logits: places -> log D - log(1 - D).
        density: width -> the density of the data blurred by it; None for that of the examples.
    """
    low, high = float(examples.min()), float(examples.max())
    margin, width = MARGIN * (high - low), BLUR * (high - low)
    places = np.linspace(low - margin, high + margin, N_PLACES)
    p = density(width)(places) if density is not None else kernel_density(examples, places, width)
    q = kernel_density(samples, places, width)
    outside = float(((samples < places[0]) | (samples > places[-1])).mean())
    best = best_discriminator(np.log(np.maximum(p, FLOOR)), np.log(np.maximum(q, FLOOR)))
    of_data, of_samples = (logits(np.asarray(one, np.float64)) for one in (examples, samples))
    return OnALine(
        places, p, q, sigmoid(logits(places)), np.where(np.maximum(p, q) > SOME * p.max(), best, np.nan),
        value(of_data, of_samples),
        jensen_shannon(p, q, places) + 0.5 * outside * math.log(2),
        float(wasserstein(examples[:, None], samples[:, None])[0]),
        float(examples.std()), float(samples.std()), outside,
    )  # fmt: skip


def kernel_density(x: Reals, places: Doubles, width: float) -> Doubles:
    """The density of (N,) numbers at places of even distances, each number a Gaussian of a standard deviation.

    Numbers are put on a grid that is four times as fine as the width, or as the places, before they are blurred.
    """
    apart = float(places[1] - places[0])
    finer = max(1, math.ceil(4 * apart / width))
    step, reach = apart / finer, 5 * width
    n_around = math.ceil(reach / step)
    n = finer * (len(places) - 1) + 1 + 2 * n_around
    at = (np.asarray(x, np.float64) - places[0]) / step + n_around
    at = at[(at >= 0) & (at < n - 1)]
    left = np.floor(at).astype(np.int64)
    counts = np.bincount(left, 1 - (at - left), n) + np.bincount(left + 1, at - left, n)
    kernel = np.exp(-0.5 * (np.arange(-n_around, n_around + 1) * step / width) ** 2)
    blurred = np.convolve(counts, kernel, "valid")
    return np.asarray(blurred[::finer] / (len(x) * width * math.sqrt(2 * math.pi)))
