"""What each dimension of a code carries, and what is wrong with it.

A dimension carries the KL of a VAE's posterior from the prior, the variance of an autoencoder's code, or, of a model
that doesn't encode, a share of the variance of its samples. Over N
examples the codes of a VAE follow the aggregate posterior q(z) = 1/N Σ_n q(z|x_n), which sampling from the prior takes
to be N(0, I) (Hoffman & Johnson 2016, ELBO surgery). With q(z|x_n) = N(mean_n, diag std_n²) all of it is exact:

    E[z] = 1/N Σ_n mean_n        Cov[z] = diag(1/N Σ_n std_n²) + 1/N Σ_n (mean_n - E[z]) (mean_n - E[z])ᵀ
    P(z_d <= t) = 1/N Σ_n Φ((t - mean_nd) / std_nd)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.arrays import Floats, floats
from latentlab.analysis.latent.layer_usage import ACTIVE_KL
from latentlab.distributions import kl_to_standard_normal, standard_normal_log_prob

OF_SAMPLES = "of the variance of samples"  # a unit: a share
N_DECODED = 400  # draws of a code in which each dimension is drawn again
ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov (2016), §5.3
HARDLY = 0.01  # of what the first dimension carries: an active one with less changes nothing that can be seen

# What counts as wrong. Each is worth 1/8 nat or more of KL from N(0, I), so that small and skewed samples pass: the
# first 500 test images of MNIST, an easier half, move single means by 0.4 from where all 10,000 put them.
MEAN_LIMIT = 0.5  # of an aggregate mean from 0: ½ 0.5² = 0.125 nats
STD_LIMIT = 1.5  # an aggregate standard deviation above 1.5 or below 1/1.5: 0.22 and 0.13 nats
CORRELATION_LIMIT = 0.5  # between two dimensions: -½ log(1 - 0.5²) = 0.144 nats
STANDARD_ERRORS = 4  # and no limit is less than that many standard errors of the estimate from N examples

QUANTILES = torch.linspace(-3, 3, 61, dtype=torch.float64)  # of N(0, 1): where a QQ plot compares
TOLERANCE = 1e-12  # of a quantile's probability
MAX_STEPS = 200  # about 8 are taken, 30 where the posteriors are ten thousand times narrower than the prior


@dataclass(frozen=True)
class Bottleneck:
    """One number for each of the D dimensions.

    Attributes:
        carries: (D,) what the dimension carries, in `unit`.
        unit: "nats" (mean KL from the prior), "variance", or `OF_SAMPLES`.
        active: (D,) bool; whether the code's mean varies with the example by more than `ACTIVE_VARIANCE`
            (of the largest variance, where the code has no prior).
        order: (D,) dimensions from the one that carries most to the one that carries least.
        center, scale: (D,) where the codes lie: the prior's 0 and 1, or mean and standard deviation of the codes.
    """

    carries: Floats
    unit: str
    active: NDArray[np.bool_]
    order: NDArray[np.int64]
    center: Floats
    scale: Floats

    @property
    def hardly_used(self) -> NDArray[np.bool_]:
        """(D,) bool; active dimensions that carry less than `HARDLY` of what the first one carries."""
        found: NDArray[np.bool_] = self.active & (self.carries < HARDLY * self.carries.max())
        return found

    @property
    def n_used(self) -> int:
        """How many dimensions are active and not hardly used: so many are enough."""
        return int((self.active & ~self.hardly_used).sum())

    @property
    def summary(self) -> str:
        """How many dimensions are used, in one sentence."""
        n = len(self.active)
        if self.n_used == n:
            return f"All {n} dimensions are used."
        n_unused, hardly = n - int(self.active.sum()), self.carries[self.hardly_used]
        counted = [(n_unused, "unused")] if n_unused else []
        counted += [(len(hardly), f"hardly used (at most {hardly.max():.2g} {self.unit})")] if len(hardly) else []
        (first, how), *rest = counted
        said = f"{first} of {n} dimensions {'is' if first == 1 else 'are'} {how}"
        return f"{said}{''.join(f', and {number} {how}' for number, how in rest)}."


@dataclass(frozen=True)
class Health(Bottleneck):
    """What each dimension carries, and how the aggregate posterior of N examples compares with the prior N(0, I).

    Attributes:
        n_examples: N.
        mean, std: (D,) of the aggregate posterior.
        correlation: (D, D) of the aggregate posterior, 1 on the diagonal.
        normal: (Q,) quantiles of N(0, 1), ascending: one axis of a QQ plot.
        quantiles: (D, Q) those of the aggregate posterior at the same probabilities: the other axis.
        code: what it is called, before the number of a dimension.
    """

    n_examples: int
    mean: Floats
    std: Floats
    correlation: Floats
    normal: Floats
    quantiles: Floats
    code: str = "z"

    @property
    def strongest_pair(self) -> tuple[int, int, float] | None:
        """The two dimensions that correlate most, and their correlation; None for a single dimension."""
        d = len(self.mean)
        if d < 2:
            return None
        i, j = divmod(int(np.where(np.eye(d, dtype=bool), -1, np.abs(self.correlation)).argmax()), d)
        return i, j, float(self.correlation[i, j])

    @property
    def diagnosis(self) -> str:
        """What is wrong, in one sentence: the first of dead dimensions, an aggregate off the prior, a correlation.

        Dimensions are called as on the pages; see `MEAN_LIMIT`, `STD_LIMIT`, `CORRELATION_LIMIT`.
        """
        if self.n_used < len(self.active):
            return self.summary
        noise = STANDARD_ERRORS / np.sqrt(self.n_examples)
        off_mean, off_std = np.abs(self.mean), np.abs(np.log(self.std))
        off = np.maximum(
            off_mean / np.maximum(MEAN_LIMIT, noise * self.std), off_std / max(np.log(STD_LIMIT), noise / np.sqrt(2))
        )
        worst = int(off.argmax())
        if off[worst] > 1:
            return (
                f"{dimension_name(worst, self.code)} is off the prior: over {self.n_examples} examples it has mean "
                f"{self.mean[worst]:.2f} and standard deviation {self.std[worst]:.2f} instead of 0 and 1."
            )
        i, j, correlation = self.strongest_pair or (0, 0, 0.0)
        if abs(correlation) > max(CORRELATION_LIMIT, noise):
            pair = f"{dimension_name(i, self.code)} and {dimension_name(j, self.code)}"
            return f"{pair} are redundant in part: their correlation is {correlation:.2f} instead of 0."
        together = f", correlations within {abs(correlation):.2f} of 0" if len(self.mean) > 1 else ""
        return (
            f"Nothing is wrong: {self.summary.removesuffix('.').lower()}, with means within {off_mean.max():.2f} of 0, "
            f"standard deviations from {self.std.min():.2f} to {self.std.max():.2f}{together}."
        )


def dimension_name(axis: int, code: str = "z") -> str:
    """From z1 on; of a variable that ends with a digit, such as z2, "z2, 1"; of what has no name its number."""
    return f"{code}, {axis + 1}" if code[-1:].isdigit() else f"{code}{axis + 1}"


def bottleneck(mean: Tensor, log_std: Tensor) -> Bottleneck:
    """The dimensions of a VAE's code, by their mean KL from the prior N(0, 1).

    Args:
        mean: (N, D) of q(z|x) over N examples.
        log_std: (N, D) of the same.
    """
    kl = floats(kl_to_standard_normal(mean, log_std).mean(0))
    d = mean.shape[1]
    active = floats(mean.var(0)) > ACTIVE_VARIANCE
    return Bottleneck(kl, "nats", active, _descending(kl), np.zeros(d, np.float32), np.ones(d, np.float32))


def layer_bottleneck(unit_kl: Tensor) -> Bottleneck:
    """The dimensions of one layer of a hierarchy, by their mean KL from what the layer above expects.

    A mean that varies says nothing here, since that of an unused unit follows the layer above: a dimension is active
    if it carries more than `ACTIVE_KL`.

    Args:
        unit_kl: (N, D) nats, over N examples or more draws of them.
    """
    kl = floats(unit_kl.mean(0))
    d = len(kl)
    return Bottleneck(
        np.maximum(kl, 0), "nats", kl > ACTIVE_KL, _descending(kl), np.zeros(d, np.float32), np.ones(d, np.float32)
    )


def deterministic_bottleneck(codes: Tensor) -> Bottleneck:
    """The dimensions of a deterministic code, by their variance over N examples: (N, D).

    Such a code has no unit, so a dimension counts as active by its share of the largest variance.
    """
    variance = floats(codes.var(0))
    scale = np.sqrt(np.maximum(variance, 1e-12))
    return Bottleneck(
        variance,
        "variance",
        variance > ACTIVE_VARIANCE * variance.max(),
        _descending(variance),
        floats(codes.mean(0)),
        scale,
    )


def decoded_bottleneck(
    codes: Tensor, decode: Callable[[Tensor], Tensor], groups: Sequence[Sequence[int]]
) -> Bottleneck:
    """The dimensions of a code that is drawn from a prior, by what each changes of the examples that it makes.

    A dimension carries E[Var(x | all others)] / Var(x), variances summed over the values of x: the total index of
    Sobol', by Jansen's estimate (1999) ½ E|x - x'|² / Var(x), x' with this dimension drawn again. Of an additive
    decoder the shares sum to 1; where dimensions act together, to more.

    Args:
        codes: (N, D) draws of the prior, two at least; the first 2 `N_DECODED` are decoded.
        decode: (B, D) -> (B, *shape).
        groups: dimensions that are drawn together; every one is in one of them. Those of several are last in the
            order, since none of them can be moved alone.
    """
    n = min(N_DECODED, len(codes) // 2)
    base, again = codes[:n], codes[n : 2 * n]
    x = decode(base).flatten(1).double()
    total = float(x.var(0).sum())
    shares, together = torch.zeros(codes.shape[1], dtype=torch.float64), np.zeros(codes.shape[1], bool)
    for group in map(list, groups):
        together[group] = len(group) > 1
        moved = base.clone()
        moved[:, group] = again[:, group]
        changed = (decode(moved).flatten(1).double() - x).square().sum(1).mean() / 2
        shares[group] = float(changed) / max(total, 1e-12)
    found = floats(shares)
    return replace(
        deterministic_bottleneck(codes),
        carries=found, unit=OF_SAMPLES, active=found > ACTIVE_VARIANCE * found.max(),
        order=np.lexsort((-found, together)).astype(np.int64),
    )  # fmt: skip


def health(mean: Tensor, log_std: Tensor, code: str = "z") -> Health:
    """`bottleneck`, and the aggregate posterior against the prior, without sampling.

    Args:
        mean: (N, D) of q(z|x) over N examples, at least two.
        log_std: (N, D) of the same.
        code: what it is called.

    Raises:
        ValueError: there are fewer than two examples, or numbers that are not finite.
    """
    n = len(mean)
    if n < 2:
        raise ValueError("Diagnostics of a code need two examples or more.")
    if not bool(mean.isfinite().all() and log_std.isfinite().all()):
        raise ValueError("The encoder gives codes that are not numbers.")
    m, s = mean.detach().cpu().double(), log_std.detach().cpu().double().exp()
    center = m.mean(0)
    covariance = (m - center).T @ (m - center) / n + s.square().mean(0).diag()
    std = covariance.diagonal().sqrt()
    quantiles = torch.stack([_mixture_quantiles(*one, QUANTILES) for one in zip(m.T, s.T, strict=True)])
    return Health(
        **vars(bottleneck(mean, log_std)),
        n_examples=n,
        mean=floats(center),
        std=floats(std),
        correlation=floats(covariance / std / std[:, None]),
        normal=floats(QUANTILES),
        quantiles=floats(quantiles),
        code=code,
    )


def _mixture_quantiles(mean: Tensor, std: Tensor, normal: Tensor) -> Tensor:
    """Where 1/N Σ_n Φ((t - mean_n) / std_n) = Φ(normal): (N,), (N,), (Q,) -> (Q,) float64, to `TOLERANCE`.

    Newton's method from the Gaussian of the same moments, and where a step doesn't halve the error, bisection.
    """
    p = torch.special.ndtr(normal)
    each = mean + std * normal[:, None]  # (Q, N): where each component alone has it; the mixture's lies amid them
    low, high = each.min(1).values, each.max(1).values
    total_std = (mean.var(correction=0) + std.square().mean()).sqrt()
    t = (mean.mean() + total_std * normal).clamp(low, high)
    last = torch.full_like(p, torch.inf)
    for _ in range(MAX_STEPS):
        u = (t[:, None] - mean) / std
        excess = torch.special.ndtr(u).mean(1) - p
        error = excess.abs()
        if bool((error <= TOLERANCE).all()):
            break
        low, high = torch.where(excess < 0, t, low), torch.where(excess < 0, high, t)
        newton = t - excess / (standard_normal_log_prob(u).exp() / std).mean(1)
        better = (low < newton) & (newton < high) & (2 * error < last)
        t = torch.where(error <= TOLERANCE, t, torch.where(better, newton, (low + high) / 2))
        last = error
    return t


def _descending(values: Floats) -> NDArray[np.int64]:
    return np.argsort(-values, kind="stable").astype(np.int64)
