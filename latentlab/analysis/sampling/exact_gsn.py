"""Exact generative stochastic networks: a chain on a few states, and every claim as a product of matrices.

Bengio et al. (2014) and Alain (2018), §5.3, on n states: p (n,) is the data's distribution, C (n, n) corrupts, C[i, j]
being C(x̃ = j|x = i), and R (n, n) reconstructs, R[j, i] = P(x = i|x̃ = j). Rows sum to 1. The chain x → x̃ → x has
the kernel

    T = C R,    and with Bayes' R[j, i] ∝ p_i C[i, j] its stationary distribution is p             (Proposition 1)

Walkback trains R on C_WB = ½ (I - ½ C R)⁻¹ C, the corruption after a geometric number of steps of the chain itself;
with the R that is Bayes' for its own C_WB, C still gives p (Proposition 2), mixes faster, and R must undo more
corruption. The conditionals of one joint law are then C_WB and R, not C and R: clamped to a set of states, a chain has
the conditional law with C_WB and misses it with C, though the source's §5.3.6 takes C and R to be compatible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.stats import total_variation

MOST_ITERATIONS = 10_000
EXAMPLE = np.array([0.08, 0.037, 0.03, 0.11, 0.384, 0.123, 0.043, 0.064, 0.083, 0.046])  # two modes on a ring of ten


@dataclass(frozen=True)
class ExactGSN:
    """A denoising chain on n states.

    Attributes:
        data: (n,) p.
        corruption: (n, n) C, of one step.
        trained_on: (n, n) the corruption that R is Bayes' for: C itself, or C_WB.
        reconstruction: (n, n) R.
        stationary: (n,) law of the chain.
        total_variation: between that and the data, 0 to 1.
        second_eigenvalue: of T = C R, in modulus: the chain forgets as its powers do.
        entropy: H(x|x̃) in nats under `trained_on`: the uncertainty of a reconstruction.
        n_iterations: that walkback took to settle; 0 without.
    """

    data: Doubles
    corruption: Doubles
    trained_on: Doubles
    reconstruction: Doubles
    stationary: Doubles
    total_variation: float
    second_eigenvalue: float
    entropy: float
    n_iterations: int

    @property
    def kernel(self) -> Doubles:
        """(n, n) T = C R."""
        return self.corruption @ self.reconstruction


@dataclass(frozen=True)
class Clamping:
    """A chain held inside a set S of states.

    Attributes:
        stationary: (n,) law of the clamped chain.
        conditional: (n,) of the free chain's law, given S: what one hopes for.
        total_variation: between the two.
    """

    stationary: Doubles
    conditional: Doubles
    total_variation: float


def ring(n: int, reach: tuple[float, ...] = (0.4, 0.2, 0.1)) -> Doubles:
    """(n, n) a corruption on a ring: stay with probability reach[0], go k to either side with reach[k] each."""
    found: Doubles = np.zeros((n, n))
    for k, share in enumerate(reach):
        for side in {k, -k}:
            found += share * np.roll(np.eye(n), side, 1)
    return np.asarray(found / found.sum(1, keepdims=True))


def bayes(data: Doubles, corruption: Doubles) -> Doubles:
    """(n, n) R[j, i] = p_i C[i, j] / Σ_i p_i C[i, j]; a state that no corruption reaches is left to the data's law."""
    joint = (data[:, None] * corruption).T
    total = joint.sum(1, keepdims=True)
    return np.where(total > 0, joint / np.where(total > 0, total, 1), data)


def counted(data: Doubles, corruption: Doubles, n_examples: int, seed: int) -> Doubles:
    """(n, n) R by counting pairs (x, x̃) of n examples: what learning from data gives. An x̃ never seen stays put."""
    rng = np.random.default_rng(seed)
    joint = (data[:, None] * corruption).reshape(-1)
    pairs = rng.multinomial(n_examples, joint / joint.sum()).reshape(corruption.shape).T.astype(np.float64)
    totals = pairs.sum(1, keepdims=True)
    return np.where(totals > 0, pairs / np.maximum(totals, 1), np.eye(len(data)))


def stationary(kernel: Doubles) -> Doubles:
    """(n,) π with πT = π, Σπ = 1, by (I - Tᵀ + 1) π = 1; T must be irreducible.

    Raises:
        ValueError: T falls into parts that don't reach each other, so there are several such laws.
    """
    n = len(kernel)
    matrix = np.eye(n) - kernel.T + 1
    if np.linalg.matrix_rank(matrix) < n:
        raise ValueError("The chain can't get everywhere from everywhere, so it has no one stationary law.")
    return np.asarray(np.linalg.solve(matrix, np.ones(n)))


def exact_gsn(
    data: Doubles, corruption: Doubles, walkback: bool = False, reconstruction: Doubles | None = None
) -> ExactGSN:
    """Compute a chain exactly.

    Args:
        data: (n,) probabilities.
        corruption: (n, n) row-stochastic.
        walkback: train the reconstruction on several steps of the chain itself, to its fixed point.
        reconstruction: another R than Bayes', such as `counted`; not with walkback.

    Raises:
        ValueError: not probabilities, or a chain that isn't irreducible.
    """
    p, c = np.asarray(data, np.float64), np.asarray(corruption, np.float64)
    for name, rows in (("data", p[None]), ("corruption", c)):
        if (rows < 0).any() or not np.allclose(rows.sum(1), 1):
            raise ValueError(f"The rows of the {name} must be probabilities: not negative, and 1 in sum.")
    trained_on, n_iterations = c, 0
    r = bayes(p, c) if reconstruction is None else reconstruction
    while walkback and n_iterations < MOST_ITERATIONS:
        trained_on = np.asarray(0.5 * np.linalg.solve(np.eye(len(p)) - 0.5 * c @ r, c), np.float64)
        before, r = r, bayes(p, trained_on)
        n_iterations += 1
        if np.abs(r - before).max() < 1e-14:
            break
    kernel = c @ r
    law = stationary(kernel)
    moduli = np.sort(np.abs(np.linalg.eigvals(kernel)))
    joint = p[:, None] * trained_on  # of x and x̃
    entropy = -float((joint * np.log(np.where(joint > 0, r.T, 1))).sum()) if reconstruction is None else np.nan
    return ExactGSN(p, c, trained_on, r, law, total_variation(law, p), float(moduli[-2]), entropy, n_iterations)


def clamp(f: Doubles, g: Doubles, inside: NDArray[np.bool_]) -> Clamping:
    """Hold the chain x → h → x inside S, by x ~ g(x|h, S) ∝ g(x|h) 1(x ∈ S) (Proposition 5).

    The law is the conditional one if f and g are the two conditionals of one joint law; else it need not be.

    Args:
        f: (n, m) f[x, h].
        g: (m, n) g[h, x].
        inside: (n,) which states are in S; every h that S leads to must lead back.

    Raises:
        ValueError: S is empty, or can't be reached from some h.
    """
    held = g * inside
    total = held.sum(1, keepdims=True)
    left = f[inside].sum(0) > 0  # the h that S leads to
    if not inside.any() or not (total[left] > 0).all():
        raise ValueError("The set that the chain is held in can't be reached again from where it leads.")
    rows = np.flatnonzero(inside)
    law = np.zeros(len(inside))
    law[rows] = stationary((f @ (held / np.where(total > 0, total, 1)))[np.ix_(rows, rows)])
    free = stationary(f @ g) * inside
    conditional = free / free.sum()
    return Clamping(law, conditional, total_variation(law, conditional))


def burn_in_curve(data: Doubles, f: Doubles, steps: list[int]) -> Doubles:
    """How far the law of a chain with a latent state is from the data's, by the burn-in of its training (Theorem 3).

    In training h starts at state 0 and takes so many steps of f(h'|h, x) with x held; then g is Bayes' for (x, h).

    Args:
        data: (n,) p.
        f: (m, n, m) f[h, x, h'].
        steps: numbers of burn-in steps, at least 1.

    Returns:
        (len(steps),) total variation between the stationary law of x and p: it falls to 0.
    """
    m, n = f.shape[0], f.shape[1]
    found = []
    for k in steps:
        law = np.zeros((n, m))
        law[:, 0] = 1
        for _ in range(k):
            law = np.einsum("xh,hxg->xg", law, f)  # P(h|x) in training
        g = bayes(data, law)  # (m, n)
        kernel = np.einsum("hxg,gy->hxgy", f, g).reshape(m * n, m * n).reshape(m, n, m, n)  # (h, x) -> (h', x')
        pi = stationary(kernel.reshape(m * n, m * n)).reshape(m, n)
        found.append(total_variation(pi.sum(0), data))
    return np.array(found)
