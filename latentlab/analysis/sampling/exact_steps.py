"""One step of an exact denoising chain, looked at: noise in the plane, and noise of the angle alone.

    plane   x̃ = x + σ ε,  x' ~ p(x|x̃)                     for a mixture of Gaussians again such a mixture
    angle   H = φ + τ ε,  φ' = H + τ ε',  r' drawn anew   for a ring x = r (cos φ, sin φ), r ~ N(R, s²)

The two halves of Fig. 5.1 in Alain (2018), §5.1. Both keep the data's law. The angle is uniform, so P(φ|H) is N(H, τ²)
around the circle, of one mode for every τ, and e^(iφ) loses the factor exp(-τ²) a step; noise in the plane that moves
as far leaves a posterior that spreads over the ring.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles
from latentlab.data.builtin.synthetic import Density, mixture

N_ON_RING = 128  # Gaussians of which a ring is made


def posterior(density: Density, noisy: Tensor, sigma: float) -> Density:
    """p(x|x̃) for x̃ = x + σ ε: component k has the weight w_k N(x̃; m_k, s_k² + σ²) and the precision 1/s_k² + 1/σ².

    Args:
        density: of x.
        noisy: (d,) x̃.
        sigma: σ, positive.
    """
    blurred = density.blurred(sigma)
    far = (noisy.double() - density.means) / blurred.stds
    log_weights = density.log_weights - 0.5 * far.square().sum(1) - blurred.stds.log().sum(1)
    variance = (density.stds.square().reciprocal() + sigma**-2).reciprocal()
    means = (density.means / density.stds.square() + noisy.double() / sigma**2) * variance
    return replace(density, means=means, stds=variance.sqrt(), log_weights=log_weights.log_softmax(0))


def ring(radius: float, width: float) -> Density:
    """A circle of Gaussians of standard deviation `width` around 0."""
    turn = torch.arange(N_ON_RING, dtype=torch.float64) * (2 * torch.pi / N_ON_RING)
    return mixture(radius * torch.stack([turn.cos(), turn.sin()], 1), width)


@dataclass(frozen=True, eq=False)
class AngleChains:
    """Chains on a ring whose corruption is of the angle.

    Attributes:
        angles: (T, C) φ of each step, not wrapped.
        noisy: (T, C) H, from which φ was drawn.
        radii: (T, C).
    """

    angles: Doubles
    noisy: Doubles
    radii: Doubles

    @property
    def places(self) -> Doubles:
        """(T, C, 2)."""
        return np.asarray(self.radii[..., None] * np.stack([np.cos(self.angles), np.sin(self.angles)], -1))


def angle_chains(radius: float, width: float, tau: float, n_chains: int, n_steps: int, seed: int) -> AngleChains:
    """Chains that start at the law of the data.

    Args:
        radius: R.
        width: s, of the radius.
        tau: τ, of the angle's noise, in radians.
        n_chains, n_steps: of them.
        seed: of all draws.
    """
    rng = np.random.default_rng(seed)
    moves = tau * rng.normal(size=(n_steps, n_chains, 2))
    start = rng.uniform(-np.pi, np.pi, n_chains)
    angles = start + moves.sum(-1).cumsum(0)
    return AngleChains(angles, angles - moves[..., 1], radius + width * rng.normal(size=angles.shape))


def plane_chains(density: Density, sigma: float, n_chains: int, n_steps: int, rng: torch.Generator) -> Doubles:
    """(n_steps, n_chains, d) chains with noise in all coordinates, from the law of the data."""
    x, found = density.sample(n_chains, rng), []
    for _ in range(n_steps):
        noisy = x + sigma * torch.randn(x.shape, generator=rng, dtype=x.dtype)
        x = density.draw_clean(noisy, sigma, rng)
        found.append(x)
    return np.asarray(torch.stack(found).numpy(), np.float64)


def turning(angles: Doubles) -> float:
    """E cos(φ' - φ) of a step: how much of e^(iφ) is left, exp(-τ²) where φ' - φ is N(0, 2τ²).

    Args:
        angles: (T, C).
    """
    return float(np.cos(np.diff(angles, axis=0)).mean())
