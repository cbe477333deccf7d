"""The trace and the density of all eigenvalues of a symmetric matrix, by random vectors and short Lanczos iterations.

trace     E[uᵀHu] for u of independent signs (Hutchinson 1990)
density   from m steps of Lanczos started at u, the eigenvalues θ_j of the m × m tridiagonal matrix with weights
          e₁² of its eigenvectors, averaged over u (Golub & Welsch 1969; Ghorbani, Krishnan & Xiao 2019)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.curvature.eigenpairs import Product

BREAKDOWN = 1e-10  # a new direction so short, relative to the matrix, is rounding: the iteration has all there is


@dataclass(frozen=True, eq=False)
class Density:
    """Where the eigenvalues lie: a discrete measure whose powers have the same first means.

    Attributes:
        nodes: (n,) eigenvalues, ascending.
        weights: (n,) share of all eigenvalues at each; they sum to 1.
        trace: sum of all eigenvalues.
        trace_error: its standard error.
        size: d, the number of eigenvalues.
    """

    nodes: Doubles
    weights: Doubles
    trace: float
    trace_error: float
    size: int

    def share_below(self, value: float) -> float:
        """The share of the eigenvalues below a number."""
        return float(self.weights[self.nodes < value].sum())


def density(product: Product, size: int, n_vectors: int = 8, n_steps: int = 40, seed: int = 0) -> Density:
    """The spectral density by stochastic Lanczos quadrature, and the trace.

    Args:
        product: H v.
        size: d.
        n_vectors: random vectors; the error falls with their square root.
        n_steps: of Lanczos from each: products with the matrix.
        seed: of the vectors.
    """
    rng, nodes, weights, traces = np.random.default_rng(seed), [], [], []
    for _ in range(n_vectors):
        u = rng.choice([-1.0, 1.0], size)
        diagonal, off = lanczos(product, u / math.sqrt(size), min(n_steps, size))
        values, vectors = eigh_tridiagonal(diagonal, off)
        nodes.append(values)
        weights.append(vectors[0] ** 2 / n_vectors)
        traces.append(size * diagonal[0])
    value, weight = np.concatenate(nodes), np.concatenate(weights)
    order = np.argsort(value)
    error = float(np.std(traces, ddof=1) / math.sqrt(n_vectors)) if n_vectors > 1 else math.nan
    return Density(value[order], weight[order], float(np.mean(traces)), error, size)


def lanczos(product: Product, start: Doubles, n_steps: int) -> tuple[Doubles, Doubles]:
    """The diagonal (m,) and the off-diagonal (m - 1,) of the matrix in the basis of start, H start, H² start, …

    Each new vector is made orthogonal to all before it, twice. It ends early where nothing new comes.

    Args:
        product: H v.
        start: (d,) of length 1.
        n_steps: the most steps, m.
    """
    basis, diagonal, off = [start], list[float](), list[float]()
    for _ in range(n_steps):
        new = product(basis[-1])
        diagonal.append(float(basis[-1] @ new))
        known = np.stack(basis)
        scale = np.linalg.norm(new)
        for _ in range(2):
            new = new - known.T @ (known @ new)
        length = float(np.linalg.norm(new))
        if length <= BREAKDOWN * scale or len(diagonal) == n_steps:
            break
        off.append(length)
        basis.append(new / length)
    return np.array(diagonal), np.array(off[: len(diagonal) - 1])
