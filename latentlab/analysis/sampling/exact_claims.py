"""Claims on denoising chains that matrices of a few states decide: perturbation, conditions of clamping, local noise.

perturbation   |π - π̃|₁ ≤ |Z|_∞ |P - P̃|_∞,    Z = (I - P + 1 π)⁻¹           (Theorem 4; Schweitzer 1968)
condition      Σ_{x∈S} π(x|S) f(h|x) = π(h|S) for all h: then a chain clamped to S has the law π(x|S)   (5.5, Prop. 3);
               needed, too, if the laws g(·|h, S) of the h that S leads to are independent            (Prop. 4)
local noise    a corruption that goes no farther than ε reaches across a gap of low probability only if 2ε is wider
               (Corollary 2); the farther it goes, the more a reconstruction has to know              (§5.A)

After Bengio et al. (2014) and Alain (2018), §5.3.4, §5.A and §5.B. Matrices act on rows: row i holds P(· | i), and
|·|_∞ is the largest sum of a row's absolute values. The source prints Z with π in the columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles, Labels
from latentlab.analysis.sampling.exact_gsn import bayes, stationary


def visited(kernel: Doubles, n_steps: int, seed: int, start: int = 0) -> Labels:
    """(n_steps,) the states of one chain, the start left out.

    Args:
        kernel: (n, n) rows of probabilities.
        n_steps: of it.
        seed: of the draws.
        start: the first state.
    """
    draws = np.random.default_rng(seed).random(n_steps)
    edges = kernel.cumsum(1)
    edges[:, -1] = 1.0
    found, state = np.empty(n_steps, np.int64), start
    for t, u in enumerate(draws):
        state = int(np.searchsorted(edges[state], u, side="right"))
        found[t] = state
    return found


def latent_chain(n: int, m: int, sharpness: float, seed: int) -> tuple[Doubles, Doubles]:
    """The law (n,) of x and a transition f(h'|h, x), (m, n, m), for `burn_in_curve`, by random numbers.

    Args:
        n: values of x.
        m: values of h.
        sharpness: the power of the random numbers; the larger, the less h' is left to chance.
        seed: of them.
    """
    rng = np.random.default_rng(seed)
    data, f = rng.random(n) + 0.05, (rng.random((m, n, m)) + 0.05) ** sharpness
    return data / data.sum(), f / f.sum(-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Perturbation:
    """What an error of a kernel does to its stationary law.

    Attributes:
        moved: |π - π̃|₁ between the stationary laws.
        error: |P - P̃|_∞ between the kernels.
        factor: |Z|_∞ of the fundamental matrix of P.
    """

    moved: float
    error: float
    factor: float

    @property
    def bound(self) -> float:
        """What |π - π̃|₁ can't exceed."""
        return self.factor * self.error


def fundamental(kernel: Doubles) -> Doubles:
    """(n, n) Z = (I - P + 1 π)⁻¹ of an irreducible chain.

    Raises:
        ValueError: it is not irreducible.
    """
    law = stationary(kernel)
    return np.asarray(np.linalg.inv(np.eye(len(kernel)) - kernel + law))


def perturbation(kernel: Doubles, other: Doubles) -> Perturbation:
    """How far the stationary law of another kernel is from a kernel's, and the bound on it (Theorem 4).

    Args:
        kernel: (n, n) P.
        other: (n, n) P̃.

    Raises:
        ValueError: one of them is not irreducible.
    """
    moved = float(np.abs(stationary(kernel) - stationary(other)).sum())
    return Perturbation(moved, _size(kernel - other), _size(fundamental(kernel)))


def lazy(kernel: Doubles, share: float) -> Doubles:
    """(n, n) a chain that moves only in a share of its steps: (1 - share) I + share P, of the same stationary law."""
    return (1 - share) * np.eye(len(kernel)) + share * kernel


@dataclass(frozen=True, eq=False)
class Condition:
    """The two sides of (5.5) for a set S of states.

    Attributes:
        led_to: (m,) Σ_{x∈S} π(x|S) f(h|x): which h a chain with the wanted law in S leads to.
        wanted: (m,) π(h|S), of the h from which g leads into S.
        apart: total variation between the two, 0 where the condition holds.
        n_reached: of the h, those that S leads to.
        rank: of the laws g(·|h, S) of these h; the condition is needed where it is as large as their number.
    """

    led_to: Doubles
    wanted: Doubles
    apart: float
    n_reached: int
    rank: int

    @property
    def is_needed(self) -> bool:
        """Whether Proposition 4 applies: without the condition the clamped chain misses the conditional law."""
        return self.rank == self.n_reached


def condition(f: Doubles, g: Doubles, inside: NDArray[np.bool_]) -> Condition:
    """Both sides of (5.5) for the chain x → h → x.

    Args:
        f: (n, m) f[x, h].
        g: (m, n) g[h, x].
        inside: (n,) which x are in S.

    Raises:
        ValueError: S is empty, or the chain is not irreducible.
    """
    if not inside.any():
        raise ValueError("The set that the chain is held in is empty.")
    law = stationary(f @ g)
    of_x = law * inside / law[inside].sum()
    held = g * inside  # g(x, x ∈ S | h)
    joint = (law @ f) * held.sum(1)  # of h and x ∈ S
    led_to, wanted = of_x @ f, joint / joint.sum()
    reached = led_to > 0
    rank = int(np.linalg.matrix_rank(held[reached] / np.maximum(held[reached].sum(1, keepdims=True), 1e-300)))
    return Condition(led_to, wanted, float(np.abs(led_to - wanted).sum() / 2), int(reached.sum()), rank)


@dataclass(frozen=True, eq=False)
class LocalNoise:
    """A chain on two intervals with a corruption that reaches no farther than ε.

    Attributes:
        places: (n,) the middles of the cells that data lie in.
        reaches: (k,) ε.
        second: (k,) second eigenvalue of the chain, in modulus.
        entropy: (k,) nats, H(x|x̃).
        n_parts: (k,) sets of cells that don't reach each other.
        posteriors: (k, n) P(x|x̃) for x̃ at the inner end of the first interval.
    """

    places: Doubles
    reaches: Doubles
    second: Doubles
    entropy: Doubles
    n_parts: Labels
    posteriors: Doubles


def local_noise(reaches: Doubles, width: float = 0.3, gap: float = 0.3, n_cells: int = 120) -> LocalNoise:
    """The chain x → x̃ → x with x̃ uniform within ε of x and Bayes' P(x|x̃), on two intervals of uniform density.

    x̃ is in an interval or the gap between them: beyond the ends it does not go.

    Args:
        reaches: (k,) ε, each.
        width: of either interval.
        gap: between them.
        n_cells: of both intervals and the gap together.
    """
    size = (2 * width + gap) / n_cells
    places = (np.arange(n_cells, dtype=np.float64) + 0.5) * size
    x = places[(places < width) | (places > width + gap)]
    data = np.full(len(x), 1 / len(x))
    second, entropy, parts = list[float](), list[float](), list[int]()
    posteriors = list[Doubles]()
    for reach in reaches:
        near = (np.abs(x[:, None] - places) <= reach + 1e-9).astype(np.float64)
        corruption = near / near.sum(1, keepdims=True)
        reconstruction = bayes(data, corruption)
        kernel = corruption @ reconstruction  # symmetric, since the data are uniform
        moduli = np.sort(np.abs(np.linalg.eigvalsh((kernel + kernel.T) / 2)))
        joint = data[:, None] * corruption
        second.append(float(moduli[-2]))
        entropy.append(-float((joint * np.log(np.where(joint > 0, reconstruction.T, 1))).sum()))
        parts.append(int((moduli > 1 - 1e-9).sum()))
        posteriors.append(reconstruction[np.abs(places - (width - size / 2)).argmin()])
    return LocalNoise(
        np.asarray(x, np.float64),
        np.asarray(reaches, np.float64),
        np.array(second),
        np.array(entropy),
        np.array(parts),
        np.array(posteriors),
    )


def _size(matrix: Doubles) -> float:
    """The largest sum of a row's absolute values."""
    return float(np.abs(matrix).sum(1).max())
