"""Following the lowest eigenvector with one or two products a step, as a training might.

    printed    v ← normalise(v - 2 η H v)                 (Alain 2018, §11.E, proposed and not tried there)
    shifted    v ← normalise(v - 0.9 / λ₁ H v)            the same with a step that λ₁ sets
    Ritz       v ← the lowest vector of H within span(v, H v - (vᵀHv) v)

The printed step is a power iteration on I - 2 η H: it finds the lowest eigenvector only while η < 1/(λ₁ + λ_d), and
beyond that the largest. λ₁ grows more than a hundredfold in a training, so a constant η ends up at the wrong end.
"""

from __future__ import annotations

import math

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.curvature.eigenpairs import Product


def start_vector(size: int, seed: int = 0) -> Doubles:
    """(d,): a random direction of length 1."""
    v = np.random.default_rng(seed).normal(size=size)
    found: Doubles = v / np.linalg.norm(v)
    return found


def power_step(product: Product, v: Doubles, rate: float) -> tuple[Doubles, float]:
    """v after a step of power iteration on I - rate · H, and the Rayleigh quotient vᵀHv before it."""
    hv = product(v)
    new = v - rate * hv
    return new / np.linalg.norm(new), float(v @ hv)


def ritz_step(product: Product, v: Doubles) -> tuple[Doubles, float]:
    """The lowest Ritz vector of span(v, H v - (vᵀHv) v), and its Rayleigh quotient; two products."""
    hv = product(v)
    here = float(v @ hv)
    w = hv - here * v
    w = w - (v @ w) * v
    length = float(np.linalg.norm(w))
    if not length > 1e-12 * max(1.0, abs(here)):  # an eigenvector already
        return v, here
    w = w / length
    hw = product(w)
    across, up = float(w @ hv), float(w @ hw)
    half, mean = (here - up) / 2, (here + up) / 2
    lowest = mean - math.hypot(half, across)
    first, second = across, lowest - here  # (H - λ) of the two by two matrix is singular
    if math.hypot(first, second) == 0:
        return v, here
    new = first * v + second * w
    return new / np.linalg.norm(new), lowest


def follow(product: Product, size: int, n_steps: int, rate: float | None = None, seed: int = 0) -> Doubles:
    """(n_steps,) Rayleigh quotients from a random direction: of power steps at a rate, of Ritz steps with None."""
    v, found = start_vector(size, seed), []
    for _ in range(n_steps):
        v, quotient = ritz_step(product, v) if rate is None else power_step(product, v, rate)
        found.append(quotient)
    return np.array(found)
