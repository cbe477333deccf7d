"""Analogies: the same style in every class, and whether a decoder uses its style and its class at all.

Kingma et al., Semi-supervised Learning with Deep Generative Models (2014), Figure 1; Maaløe et al., Auxiliary Deep
Generative Models (2016), Figure 3: a row keeps the style z of one example, a column is one class y.

    x_ik = decode(z_i, y_k)        z_i = encode(x_i, y_i), or a draw from the prior

Both can fail: a decoder that ignores z draws the same row everywhere, one that ignores y the same column. `usage`
splits the variance of the sheet as the two-way layout that it is (Fisher 1925; first-order indices of Sobol' 1993):

    Var x = Var_z E_y x  +  Var_y E_z x  +  what only z and y together say
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.arrays import Doubles, Floats, Labels, floats

EncodeAs = Callable[[Tensor, Tensor], Tensor]  # (B, *shape), (B,) classes -> (B, z_dim)
DecodeAs = Callable[[Tensor, Tensor], Tensor]  # (B, z_dim), (B,) classes -> (B, *shape)

BATCH = 1_000  # examples decoded at once
UNUSED = 0.01  # of the variance: what has less counts as unused


@dataclass(frozen=True)
class Analogies:
    """N styles, each in all K classes.

    Attributes:
        z: (N, z_dim) the style of each row.
        y: (N,) the class of the example that the style was read from.
        examples: (N, K, *shape) what style i decodes to as class k.
    """

    z: Floats
    y: Labels
    examples: Floats


@dataclass(frozen=True)
class Usage:
    """What makes a decoder's examples differ, as shares of their variance over styles and classes; they add up to 1.

    Attributes:
        z: the share of the style alone, the same in every class.
        y: the share of the class alone, the same in every style.
        both: the share of what only style and class together say.
        variance: what is shared out: the variance summed over the pixels, of intensities in [0, 1].
        n: styles.
        std_errors: of the first three, over the choice of styles (jackknife, Efron 1982); NaN for fewer than three.
    """

    z: float
    y: float
    both: float
    variance: float
    n: int
    std_errors: tuple[float, float, float]

    @property
    def of_z(self) -> float:
        """The share that goes when the style is held: with what it says together with the class."""
        return self.z + self.both

    @property
    def of_y(self) -> float:
        """The share that goes when the class is held."""
        return self.y + self.both

    @property
    def verdict(self) -> str:
        """The same in a sentence."""
        if not self.variance:
            return "The decoder ignores both z and y: every cell is the same."
        if self.of_z < UNUSED:
            return "The decoder ignores z: every style looks the same."
        if self.of_y < UNUSED:
            return "The decoder ignores y: every class looks the same."
        return (
            f"The decoder uses both: of what makes its examples differ (their variance), {self.of_z:.0%} goes when the "
            f"style z is the same for all, {self.of_y:.0%} when the class y is."
        )


def analogies(encode: EncodeAs, decode: DecodeAs, x: Tensor, y: Tensor, n_classes: int) -> Analogies:
    """Read the style of each example and decode it in every class.

    Args:
        encode: (B, *shape), (B,) -> (B, z_dim).
        decode: (B, z_dim), (B,) -> (B, *shape).
        x: (N, *shape), N at least 1.
        y: (N,) their classes.
        n_classes: K, at least 2.

    Raises:
        ValueError: there are no examples, a single class, or classes that are not 0 ... K - 1.
    """
    known = as_classes(y, len(x), n_classes)
    with torch.no_grad():
        z = torch.cat([encode(*part) for part in zip(x.split(BATCH), y.split(BATCH), strict=True)])
    return Analogies(floats(z), known, in_every_class(decode, z, n_classes))


def in_every_class(decode: DecodeAs, z: Tensor, n_classes: int) -> Floats:
    """Decode styles (N, z_dim) in every class: (N, K, *shape).

    Raises:
        ValueError: there are no styles, or a single class.
    """
    if len(z) == 0:
        raise ValueError("There is no style to draw: pick at least one example.")
    _check(n_classes)
    rows = z.repeat_interleave(n_classes, 0)
    columns = torch.arange(n_classes, device=z.device).repeat(len(z))
    with torch.no_grad():
        parts = [decode(*part) for part in zip(rows.split(BATCH), columns.split(BATCH), strict=True)]
    cells = floats(torch.cat(parts))
    return cells.reshape(len(z), n_classes, *cells.shape[1:])


def usage(decode: DecodeAs, z: Tensor, n_classes: int) -> Usage:
    """Share out the variance of what a decoder gives over styles and equally frequent classes.

    The styles are a sample of all styles, the classes are all there are; so each part is the unbiased estimate of its
    value for infinitely many styles (the variance between class means loses the share that too few styles lend it).

    Args:
        decode: (B, z_dim), (B,) -> (B, *shape).
        z: (N, z_dim) styles, N at least 2: of examples, or drawn from the prior.
        n_classes: K, at least 2.

    Raises:
        ValueError: fewer than two styles, or a single class.
    """
    return usage_of(in_every_class(decode, z, n_classes))


def usage_of(examples: Floats) -> Usage:
    """`usage` from the sheet itself, (N, K, *shape).

    Raises:
        ValueError: fewer than two styles or classes.
    """
    n, k = examples.shape[:2]
    if n < 2:
        raise ValueError("One style can't show whether styles differ: pick at least two.")
    _check(k)
    cells = examples.reshape(n, k, -1).astype(np.float64)
    styles = cells.mean(1)
    rest = (cells - styles[:, None]).reshape(n, -1)
    of_styles, of_rest = _products(styles - styles.mean(0)), _products(rest / math.sqrt(k))
    found = _variances(n, *(product.sum(1) for product in (of_styles, of_rest)))
    total = float(found.sum())
    # what rounding leaves of a decoder that gives the same everywhere is no variance
    if not total > 1e-10 * float(np.square(cells).mean() * cells.shape[2]):
        return Usage(0.0, 0.0, 0.0, 0.0, n, (0.0, 0.0, 0.0))
    z, y, both = (float(part) / total for part in found)
    return Usage(z, y, both, total, n, _jackknife(of_styles, of_rest))


def _products(rows: Doubles) -> Doubles:
    """(2, N): the square of each of N rows, and its inner product with the sum of all."""
    return np.stack([np.square(rows).sum(1), rows @ rows.sum(0)])


def _variances(n: int, of_styles: Doubles, of_rest: Doubles) -> Doubles:
    """(3, ...) the variance of the style, of the class, and of both together, for n styles.

    Args:
        n: styles.
        of_styles: (2, ...) the sum of the squares of the styles' means over the classes, and the square of their sum.
        of_rest: (2, ...) the same of what the classes add to them, averaged over the classes.
    """
    of_z, of_both = ((squares - square / n) / (n - 1) for squares, square in (of_styles, of_rest))
    return np.stack([of_z, (of_rest[1] / n - of_both) / n, of_both]).clip(0)


def _jackknife(of_styles: Doubles, of_rest: Doubles) -> tuple[float, float, float]:
    """The standard errors of the shares: how much they change when one style is left out (Efron 1982).

    Args:
        of_styles: (2, N) `_products` of the styles' means.
        of_rest: (2, N) those of the rest.
    """
    n = of_styles.shape[1]
    if n < 3:
        return math.nan, math.nan, math.nan
    left = [
        np.stack([squares.sum() - squares, products.sum() - 2 * products + squares])
        for squares, products in (of_styles, of_rest)
    ]
    found = _variances(n - 1, *left)
    shares = found / np.maximum(found.sum(0), np.finfo(float).tiny)
    z, y, both = np.sqrt((n - 1) * np.square(shares - shares.mean(1, keepdims=True)).mean(1)).tolist()
    return z, y, both


def as_classes(y: Tensor, n: int, n_classes: int) -> Labels:
    """(N,) classes of n examples as an array; a ValueError says why they aren't."""
    _check(n_classes)
    found: Labels = y.detach().cpu().long().numpy()
    if n == 0:
        raise ValueError("There is no example to take a style from: pick at least one.")
    if found.shape != (n,):
        raise ValueError(f"{n} examples need {n} classes, not {found.size}.")
    wrong = np.unique(found[(found < 0) | (found >= n_classes)])
    if len(wrong):
        raise ValueError(f"Labels are numbered 0 to {n_classes - 1}; {wrong[0]} is none of them.")
    return found


def _check(n_classes: int) -> None:
    if n_classes < 2:
        raise ValueError("Analogies need at least two classes.")


def from_all_classes(y: Labels, n: int, rng: np.random.Generator) -> list[int]:
    """n of N examples at random, of as many classes as there are, and of none two more than of another if they last."""
    order = rng.permutation(len(y))
    rank = np.empty(len(y), np.int64)  # how many of its class come before it
    for k in np.unique(y):
        members = order[y[order] == k]
        rank[members] = np.arange(len(members))
    return [int(i) for i in np.lexsort((np.argsort(order), rank))[:n]]
