"""The extreme eigenpairs of a symmetric matrix of which only products with vectors are known, and those of its blocks.

    LA(k) the k largest eigenvalues, SA(k) the k smallest, by ARPACK's implicitly restarted Lanczos iteration

as the source does (Alain 2018, §11.A). A parameter's block is the matrix restricted to the parameters of one layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from latentlab.analysis.arrays import Doubles

Product = Callable[[Doubles], Doubles]  # (d,) -> (d,): H v, with H symmetric
DENSE = 60  # a matrix of at most so many rows is made explicit
KEPT = 40  # directions between two restarts: few of a smooth spectrum's extremes need more
TOLERANCE = 1e-3  # of the eigenvalues, relative
MOST_PRODUCTS = 3_000  # until what has converged is taken


@dataclass(frozen=True, eq=False)
class Eigenpairs:
    """Some eigenpairs, from the largest eigenvalue to the smallest.

    Attributes:
        values: (k,).
        vectors: (d, k), of length 1; the largest component of each is positive.
        residuals: (k,) |H v - λ v|.
        n_products: that it took.
    """

    values: Doubles
    vectors: Doubles
    residuals: Doubles
    n_products: int


def extreme(
    product: Product,
    size: int,
    k: int,
    *,
    largest: bool,
    tolerance: float = TOLERANCE,
    shift: float = 0.0,
    seed: int = 0,
) -> Eigenpairs:
    """The k largest or the k smallest eigenvalues, as signed numbers, and their vectors.

    Args:
        product: H v, the same at each call.
        size: d.
        k: of them; fewer where the matrix is smaller, or where they don't converge.
        largest: or the smallest.
        tolerance: of the eigenvalues, relative to their distance from `shift`; 0 for the precision of the numbers.
        shift: a number that is none of those that are looked for. With 0, one that is 0 up to rounding never converges.
        seed: of the vector that the iteration starts from.

    Raises:
        ValueError: none converges.
    """
    count = [0]

    def counted(v: Doubles) -> Doubles:
        count[0] += 1
        return product(np.asarray(v, np.float64).ravel())

    if size <= max(DENSE, 2 * k + 1):
        h = explicit(counted, size)
        values, vectors = eigh(h)
    else:
        start = np.random.default_rng(seed).normal(size=size)
        operator = LinearOperator((size, size), matvec=lambda v: counted(v) - shift * v.ravel(), dtype=np.float64)
        n_kept = min(size - 1, max(2 * k + 1, KEPT))
        restarts = max(10, MOST_PRODUCTS // n_kept)
        try:
            values, vectors = eigsh(
                operator, k, which="LA" if largest else "SA", v0=start, tol=tolerance, ncv=n_kept, maxiter=restarts
            )
        except ArpackNoConvergence as error:
            values, vectors = error.eigenvalues, error.eigenvectors
            if not len(values):
                raise ValueError(
                    f"No eigenvalue converged within {count[0]} products with the Hessian; take more examples, whose "
                    "mean is smoother, or fewer eigenvalues."
                ) from error
        values = values + shift
    order = np.argsort(-values)
    chosen = order[:k] if largest else order[-k:]
    values, vectors = values[chosen], _signed(vectors[:, chosen])
    n = count[0]
    residuals = [np.linalg.norm(product(v) - value * v) for value, v in zip(values, vectors.T, strict=True)]
    return Eigenpairs(values, vectors, np.array(residuals), n)


def explicit(product: Product, size: int) -> Doubles:
    """(d, d): the matrix itself, symmetrised."""
    h = np.stack([product(unit) for unit in np.eye(size)])
    return (h + h.T) / 2


def block(product: Product, size: int, part: slice) -> Product:
    """The product with the block of some parameters: v is zero elsewhere, and H v is looked at there."""

    def restricted(v: Doubles) -> Doubles:
        whole = np.zeros(size)
        whole[part] = v
        return product(whole)[part]

    return restricted


@dataclass(frozen=True)
class Block:
    """The extreme eigenvalues of the Hessian of one layer's parameters, the others held where they are."""

    layer: str
    size: int
    largest: float
    smallest: float


def blocks(product: Product, parts: Mapping[str, slice], tolerance: float = 1e-3) -> tuple[Block, ...]:
    """The extreme eigenvalues of each layer's block.

    Args:
        product: of the whole matrix.
        parts: layer -> where its parameters lie in the vector of all.
        tolerance: of the eigenvalues, relative.
    """
    size, found = max((part.stop for part in parts.values()), default=0), []
    for layer, part in parts.items():
        own, n = block(product, size, part), part.stop - part.start
        scale = float(np.linalg.norm(own(np.random.default_rng(0).normal(size=n)))) or 1.0
        ends = [float(extreme(own, n, 1, largest=True, tolerance=tolerance, shift=-scale).values[0])]
        ends += [float(extreme(own, n, 1, largest=False, tolerance=tolerance, shift=max(ends[0], scale)).values[0])]
        found.append(Block(layer, n, *ends))
    return tuple(found)


def shares(vector: Doubles, parts: Mapping[str, slice]) -> dict[str, float]:
    """Layer -> the share of a vector's squared length that lies in its parameters."""
    total = float(vector @ vector) or math.nan
    return {layer: float(vector[part] @ vector[part]) / total for layer, part in parts.items()}


def _signed(vectors: Doubles) -> Doubles:
    top = np.abs(vectors).argmax(0)
    signs = np.sign(vectors[top, np.arange(vectors.shape[1])])
    return vectors * np.where(signs == 0, 1.0, signs)
