"""What a chain is to sample: a log-density known up to a constant, or only the ratio of two places' densities.

A denoising autoencoder knows the slope of its log-density, (denoise(x) - x) / σ², and so only differences (Alain &
Bengio 2014; Alain 2018, §3.4.1). With y - x = Δ and score s:

    first order     log p(y) - log p(x) ≈ s(x)·Δ                                     wrong for a step that isn't tiny
    midpoint        ≈ 1/n Σ_i s(x + (i - ½)/n Δ)·Δ,   i = 1 ... n                      error O(1/n²)
    both ends       ≈ 1/n Σ_i s(x + (i - 1)/(n - 1) Δ)·Δ,   i = 1 ... n   (eq. 3.14)     error O(1/n)

The ratio so found is that of the density blurred by σ, and exact where the score is linear (but for the first order).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

LogProb = Callable[[Tensor], Tensor]  # (C, d) -> (C,) nats, up to a constant
LogRatio = Callable[[Tensor, Tensor], Tensor]  # x (C, d), y (C, d) -> (C,) log p(y) - log p(x), nats
Gradient = Callable[[Tensor], Tensor]  # (C, d) -> (C, d), of the log-density
Conditional = Callable[[Tensor, int, torch.Generator], Tensor]  # x (C, d), axis -> (C,) draws of x_axis given the rest
Rule = Literal["midpoint", "first order", "both ends"]


class SamplingError(ValueError):
    """A chain that can't be run or judged; the message is one sentence for the user."""


@dataclass(frozen=True)
class Target:
    """A distribution by what is known of it; None where it isn't.

    Attributes:
        log_prob: its log-density up to a constant.
        log_ratio: log p(y) - log p(x), where only differences are known.
        gradient: of its log-density.
        conditional: draws one coordinate given the others.
    """

    log_prob: LogProb | None = None
    log_ratio: LogRatio | None = None
    gradient: Gradient | None = None
    conditional: Conditional | None = None

    def compare(self, x: Tensor, at_x: Tensor | None, y: Tensor) -> tuple[Tensor, Tensor | None]:
        """log p(y) - log p(x) (C,), and log p(y) (C,) where it is known; `at_x` is log p(x), if that is known.

        Raises:
            SamplingError: neither the density nor its ratios are known.
        """
        if self.log_prob is not None and at_x is not None:
            at_y = self.log_prob(y)
            return at_y - at_x, at_y
        if self.log_ratio is None:
            raise SamplingError("To accept or refuse a step, a sampler needs the target's log-density or its ratios.")
        return self.log_ratio(x, y), None

    def slope(self, x: Tensor) -> Tensor:
        """The gradient of the log-density, (C, d).

        Raises:
            SamplingError: it isn't known.
        """
        if self.gradient is None:
            raise SamplingError("This sampler follows the gradient of the log-density, and this target has none.")
        return self.gradient(x)


def differentiable(log_prob: LogProb) -> Target:
    """A log-density that torch can differentiate: its gradient comes by itself."""

    def gradient(x: Tensor) -> Tensor:
        with torch.enable_grad():
            place = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(log_prob(place).sum(), place)
        return slope

    return Target(log_prob, gradient=gradient)


def denoised(denoise: Gradient, sigma: float, n: int = 5, rule: Rule = "midpoint") -> Target:
    """The density that a denoising autoencoder implies, by the path integral of its score.

    Args:
        denoise: (B, d) -> (B, d), what it takes for the clean example.
        sigma: the standard deviation of the noise that it was trained on.
        n: points of the path; at least 1, for "both ends" at least 2.
        rule: where they lie. "first order" takes one, at the start.

    Raises:
        SamplingError: no such rule, or too few points for it.
    """
    if rule == "first order":
        shares = [0.0]
    elif rule == "midpoint" and n >= 1:
        shares = [(i + 0.5) / n for i in range(n)]
    elif rule == "both ends" and n >= 2:
        shares = [i / (n - 1) for i in range(n)]
    else:
        raise SamplingError(f"There is no path by the rule {rule!r} through {n} points.")

    def gradient(x: Tensor) -> Tensor:
        with torch.no_grad():
            return (denoise(x) - x) / sigma**2

    def log_ratio(x: Tensor, y: Tensor) -> Tensor:
        step = y - x
        path = torch.stack([x + share * step for share in shares])  # (n, C, d)
        return (gradient(path.flatten(0, 1)).reshape(path.shape).mean(0) * step).sum(1)

    return Target(log_ratio=log_ratio, gradient=gradient)


def mixture_conditional(means: Tensor, stds: Tensor, log_weights: Tensor) -> Conditional:
    """Exact draws of one coordinate of a mixture of Gaussians with diagonal covariances, given the others.

    Args:
        means: (K, d).
        stds: (K, d).
        log_weights: (K,).
    """

    def draw(x: Tensor, axis: int, rng: torch.Generator) -> Tensor:
        others = [k for k in range(means.shape[1]) if k != axis]
        m, s = means.to(x), stds.to(x)
        gap = (x[:, None, others] - m[:, others]) / s[:, others]
        logits = log_weights.to(x) - s[:, others].log().sum(1) - 0.5 * gap.square().sum(2)  # (C, K)
        exponential = torch.empty_like(logits).exponential_(generator=rng)
        chosen = (logits - exponential.log()).argmax(1)  # Gumbel's way to draw by logits
        return m[chosen, axis] + s[chosen, axis] * torch.randn(len(x), generator=rng, device=x.device, dtype=x.dtype)

    return draw
