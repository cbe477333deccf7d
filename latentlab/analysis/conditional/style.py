"""Style consistency: does a row of an analogy sheet keep its style? Measured on the images, not by the model.

Four traits of an image, from the moments of its intensity (Hu 1962), which a writer keeps from one digit to the next:

    ink       mean intensity                     how bold
    slant     μ11 / μ02                          how far the strokes lean: the shear that would make them upright
    width     sqrt(μ20 / μ00)                    how broad, in pixels
    height    sqrt(μ02 / μ00)                    how tall, in pixels

The consistency of a trait is the correlation between two columns of the sheet over its rows, averaged over all pairs
of columns: 1 if a style that is bold as a 3 is equally bold, among the others, as an 8; 0 if a row has nothing in
common. Each class's own mean and standard deviation drop out of a correlation. The null permutes the cells of every
column at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles, Floats
from latentlab.analysis.image_attributes import moments
from latentlab.analysis.stats import Measured

Traits = Callable[[Floats], dict[str, Doubles]]  # (B, C, H, W) -> name -> (B,)

LEAST = 3  # rows: a correlation over two is always ±1


@dataclass(frozen=True)
class Consistency:
    """How much of its style a row keeps.

    Attributes:
        overall: the mean over the traits.
        traits: name -> the mean correlation between two columns, over the rows.
        n: rows.
    """

    overall: Measured
    traits: dict[str, Measured]
    n: int


def traits(images: Floats) -> dict[str, Doubles]:
    """Ink, slant, width and height of images (B, C, H, W) of bright strokes on black: (B,) each, 0 if all is black."""
    ink = np.asarray(images, np.float64).mean(1)
    found = moments(ink)
    measured = {"slant": found.slant, "width": np.sqrt(found.var_x), "height": np.sqrt(found.var_y)}
    return {"ink": ink.mean((1, 2)), **{name: np.nan_to_num(values) for name, values in measured.items()}}


def style_consistency(examples: Floats, measure: Traits = traits, n_shuffles: int = 200, seed: int = 0) -> Consistency:
    """Correlate the traits of cells that share a row.

    Args:
        examples: (N, K, *shape), a sheet of N rows.
        measure: (B, *shape) -> name -> (B,), the traits.
        n_shuffles: of the control.
        seed: of the control.

    Raises:
        ValueError: fewer than 3 rows or 2 columns.
    """
    n, k = examples.shape[:2]
    if n < LEAST or k < 2:
        raise ValueError(f"Consistency needs at least {LEAST} rows of 2 classes, not {n} of {k}.")
    found = measure(examples.reshape(n * k, *examples.shape[2:]))
    values = np.stack([_standardised(trait.reshape(n, k)) for trait in found.values()])  # (T, N, K)
    rng = np.random.default_rng(seed)
    null = np.stack([_agreement(rng.permuted(values, axis=1)) for _ in range(n_shuffles)])  # (shuffles, T)
    value = _agreement(values)
    each = {name: Measured.against(value[t], null[:, t]) for t, name in enumerate(found)}
    return Consistency(Measured.against(value.mean(), null.mean(1)), each, n)


def _standardised(columns: Doubles) -> Doubles:
    """Each column with mean 0 and standard deviation 1; one that doesn't vary is 0, and correlates with nothing."""
    centred = columns - columns.mean(0)
    stds = centred.std(0)
    return np.asarray(centred / np.where(stds > 1e-6 * np.abs(columns).max(initial=1e-12), stds, np.inf))


def _agreement(values: Doubles) -> Doubles:
    """(T, N, K) standardised -> (T,) the mean correlation of two different columns, (|row sum|² - own) / pairs."""
    _, n, k = values.shape
    own = np.square(values).sum((1, 2))
    return np.asarray((np.square(values.sum(2)).sum(1) - own) / (n * k * (k - 1)))
