"""How simple the problem is that a layer leaves: the error of a linear probe of its leading kernel components.

After Montavon, Braun & Müller, "Kernel analysis of deep networks" (2011): with k(a, b) = exp(−|a − b|²/2σ²), σ the
median distance, the d leading kernel principal components are the smoothest functions of a layer. If few of them do for
the classes, the layer has made the problem simple; a good network lowers the whole curve from layer to layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab.analysis.arrays import Doubles, Floats, Labels
from latentlab.analysis.probes.features import Reduction
from latentlab.analysis.probes.layer_curve import features_of, probe_positions
from latentlab.analysis.probes.linear_probe import linear_probe

Kernel = Literal["gaussian", "linear"]

NUMBERS = (2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, eq=False)
class KernelErrors:
    """Test errors.

    Attributes:
        layers: names of the L layers.
        numbers: the D numbers of components.
        errors: (L, D); NaN where a layer has fewer components.
    """

    layers: tuple[str, ...]
    numbers: tuple[int, ...]
    errors: Doubles


def kernel_errors(
    model: nn.Module,
    x: Tensor,
    y: Labels,
    sizes: tuple[int, int, int],
    n_classes: int,
    numbers: Sequence[int] = NUMBERS,
    *,
    limit: int = 256,
) -> KernelErrors:
    """The errors of probes of the leading components of each layer of a model, the input among them.

    Args:
        model: in evaluation mode; only read.
        x: (N, *shape), examples that probes are fitted to first, then those that choose, then the test's.
        y: (N,) labels.
        sizes: of the three splits; components are those of the first.
        n_classes: K.
        numbers: of components, ascending.
        limit: features kept of a layer.

    Raises:
        ValueError: as `features_of` and `linear_probe`.
    """
    found = features_of(model, x, probe_positions(model, x), Reduction(limit=limit))
    errors = [
        errors_of(components(of.values, sizes[0], max(numbers)), y, sizes, n_classes, numbers) for of in found.values()
    ]
    return KernelErrors(tuple(found), tuple(numbers), np.array(errors))


def errors_of(h: Floats, y: Labels, sizes: tuple[int, int, int], n_classes: int, numbers: Sequence[int]) -> Doubles:
    """(N, d) components, the widest first -> (len(numbers),) errors; NaN where there are fewer components."""
    n_fit, n_choose, _ = sizes
    fit, choose, test = slice(0, n_fit), slice(n_fit, n_fit + n_choose), slice(n_fit + n_choose, sum(sizes))
    errors = np.full(len(numbers), np.nan)
    for k, number in enumerate(numbers):
        if number <= h.shape[1]:
            part = h[:, :number]
            probe = linear_probe(
                part[fit], y[fit], valid=(part[choose], y[choose]), test=(part[test], y[test]), n_classes=n_classes
            )
            errors[k] = probe.score.error
    return errors


def components(x: NDArray[np.floating], n_fit: int, most: int, kernel: Kernel = "gaussian") -> Floats:
    """The leading kernel principal components of the first examples, and all examples in them.

    Args:
        x: (N, d).
        n_fit: examples that the components are of, at least 2.
        most: components, at most.
        kernel: "gaussian", or "linear": all of its components are the features themselves, turned.

    Returns:
        (N, at most `most`), the widest first; none for a layer whose examples are all the same.
    """
    from sklearn.decomposition import KernelPCA  # half a second to import
    from sklearn.metrics import euclidean_distances

    first = x[:n_fit].astype(np.float64)
    gamma = None
    if kernel == "gaussian":
        distances = euclidean_distances(first)
        median = float(np.median(distances[np.triu_indices(n_fit, 1)]))
        gamma = 1 / (2 * median**2) if median > 0 else 1.0
    if not np.ptp(first, axis=0).any():
        return np.empty((len(x), 0), np.float32)
    found = KernelPCA(
        min(most, n_fit - 1), kernel="rbf" if kernel == "gaussian" else "linear", gamma=gamma, remove_zero_eig=True
    ).fit(first)
    return np.asarray(found.transform(x.astype(np.float64)), np.float32)
