"""What a chain is to sample: a log-density known up to a constant, or only the ratio of two places' densities.

A denoising autoencoder gives only the gradient of its log-density, (denoise(x) - x) / σ², and so differences, by an
integral along the way (Alain & Bengio 2014; Alain 2018, §3.4.1). They are those of the density blurred by σ. To first
order they are too rough to sample with: the chains leave the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab.analysis.score.field import Denoise, Rule, energy_difference, score_of
from latentlab.data.builtin.synthetic import CHUNK, Density
from latentlab.distributions import LOG_2PI, standard_normal_log_prob

LogProb = Callable[[Tensor], Tensor]  # (C, d) -> (C,) nats, up to a constant
LogRatio = Callable[[Tensor, Tensor], Tensor]  # x (C, d), y (C, d) -> (C,) log p(y) - log p(x), nats
Gradient = Callable[[Tensor], Tensor]  # (C, d) -> (C, d), of the log-density
Conditional = Callable[[Tensor, int, torch.Generator], Tensor]  # x (C, d), axis -> (C,) draws of x_axis given the rest

NEAR = 10  # standard deviations
NOTHING = -80.0  # in a sum of exponentials that holds a 1: below single precision, and a normal number in it


class SamplingError(ValueError):
    """A chain that can't be run or diagnosed; the message is one sentence for the user."""


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
            raise SamplingError("To accept or reject a step, a sampler needs the target's log-density or its ratios.")
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


def in_units(target: Target, unit: Tensor) -> Target:
    """A target by its log-density, of places that are given in units (d,) of their own."""
    log_prob, gradient = target.log_prob, target.gradient
    return Target(
        None if log_prob is None else lambda u: log_prob(u * unit),
        gradient=None if gradient is None else lambda u: gradient(u * unit) * unit,
    )


@dataclass(frozen=True, eq=False)
class VisibleLikelihood:
    """log p(x|z) of the visible part of an example, as a function of codes that another process can be given.

    Attributes:
        pixel_log_likelihood: (B, *shape), (B, d) -> (B, *shape) nats.
        x: (*shape) the example.
        visible: (*shape) bool.
    """

    pixel_log_likelihood: Callable[[Tensor, Tensor], Tensor]
    x: Tensor
    visible: Tensor

    def __call__(self, z: Tensor) -> Tensor:
        """(C, d) -> (C,) nats."""
        each = self.pixel_log_likelihood(self.x.expand(len(z), *self.x.shape), z)
        return (each * self.visible).flatten(1).sum(1)


def posterior(log_likelihood: LogProb) -> Target:
    """p(z|x) ∝ p(x|z) N(z; 0, I), from the log-likelihood of an example, whole or partly hidden, at each code."""
    return differentiable(lambda z: log_likelihood(z) + standard_normal_log_prob(z).sum(1))


def denoised(denoise: Denoise, sigma: float, n_points: int = 5, rule: Rule = "midpoint") -> Target:
    """The density that a denoising autoencoder implies, by the path integral of its score.

    Args:
        denoise: (B, d) -> (B, d), what it takes for the clean example.
        sigma: the standard deviation of the noise that it was trained on.
        n_points: of the path, each an evaluation.
        rule: where they lie, as for `energy_difference`; "first-order" is too inaccurate.

    Raises:
        FieldError: sigma isn't a positive number; at the first step, too few points for the rule.
    """
    score = score_of(denoise, sigma)

    def gradient(x: Tensor) -> Tensor:
        with torch.no_grad():
            return score(x)

    return Target(log_ratio=lambda x, y: -energy_difference(score, x, y, n_points, rule), gradient=gradient)


def exact(density: Density) -> Target:
    """All that is known of a density: itself, its score and its conditionals."""
    conditional = mixture_conditional(density.means, density.stds, density.log_weights)
    return Target(prepared(density), gradient=density.score, conditional=conditional)


def prepared(density: Density) -> LogProb:
    """`density.log_prob` with all that doesn't depend on the place worked out once: a quarter of the time.

    log w_k N(x; m_k, s_k²) is linear in x and x², so that two products of matrices give all components.
    """
    centre = density.means.mean(0)  # differences of squares: keep them small
    near = bool(density.means.abs().amax() < NEAR * density.stds.amin())  # small already: a subtraction less
    centre = torch.zeros_like(centre) if near else centre
    means, precision = density.means - centre, density.stds.square().reciprocal()
    constant = density.log_weights - density.stds.log().sum(1) - density.dim / 2 * LOG_2PI
    constant = (constant - 0.5 * (precision * means.square()).sum(1)).unsqueeze(1)  # (K, 1)
    whole = (centre, constant, precision * means, -0.5 * precision)  # (d,), (K, 1), (K, d), (K, d)
    known: dict[tuple[torch.dtype, torch.device], tuple[Tensor, ...]] = {}

    def log_prob(x: Tensor) -> Tensor:
        if len(x) * len(means) > CHUNK:
            return density.log_prob(x)
        key = (x.dtype, x.device)
        if key not in known:
            known[key] = tuple(part.to(x) for part in whole)
        middle, rest, linear, quadratic = known[key]
        place = x if near else x - middle
        joint = torch.addmm(rest, linear, place.T).addmm_(quadratic, place.square().T)
        most = joint.amax(0)  # log Σ exp by hand: no exponential may be so small that it is slow
        return joint.sub_(most).clamp_(min=NOTHING).exp_().sum(0).log_().add_(most)

    return log_prob


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
