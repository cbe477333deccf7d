"""How much of the data's variance reconstructions explain, beside what as many principal components do.

    share = 1 - Σ ‖x - r(x)‖² / Σ ‖x - x̄‖²        x̄ the mean of the training examples, sums over held-out ones

0 is what the mean example explains, 1 a perfect reconstruction. Of all linear maps of k numbers, that of principal
components explains most of the examples that they were fitted to (Bourlard & Kamp 1988).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentlab.analysis.latent.pca import principal


@dataclass(frozen=True)
class Explained:
    """Shares of the variance of held-out examples.

    Attributes:
        n_components: k, of the code and of the principal components.
        model: what the model's reconstructions explain.
        pca: what the principal components explain.
    """

    n_components: int
    model: float
    pca: float


def explained(train: ArrayLike, test: ArrayLike, reconstructions: ArrayLike, k: int, seed: int = 0) -> Explained:
    """How much reconstructions from k numbers explain.

    Args:
        train: (N, *shape), what principal components are fitted to.
        test: (M, *shape) held-out examples.
        reconstructions: (M, *shape) of these.
        k: numbers of a code.
        seed: of the random projection, where the examples are wide.

    Raises:
        ValueError: not 1 <= k < the number of training examples and the numbers of an example, or the held-out examples
            have no variance.
    """
    fitted, held, found = (_rows(part) for part in (train, test, reconstructions))
    if not 1 <= k < min(fitted.shape):
        raise ValueError(f"{k} components can't be compared over {fitted.shape[0]} examples of {fitted.shape[1]}.")
    components = principal(fitted.astype(np.float32), k, seed)
    centred = held - components.mean
    total = float(np.square(centred).sum())
    if total <= 0:
        raise ValueError("The held-out examples have no variance.")
    along = centred @ components.components.T
    return Explained(k, 1 - float(np.square(held - found).sum()) / total, float(np.square(along).sum()) / total)


def _rows(x: ArrayLike) -> NDArray[np.float64]:
    rows: NDArray[np.float64] = np.asarray(x, np.float64)
    return rows.reshape(len(rows), -1)
