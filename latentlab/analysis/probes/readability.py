"""Where a property is readable by linear probes: from which layer on, as well as anywhere, and up to which layer.

With e_k the test error of layer k, s_k its standard error, c the error of always predicting the most frequent class and
s_c its standard error, the advantage of a layer over chance is a_k = c - e_k. The property is

    readable at k          if a_k > DEVIATIONS √(s_k² + s_c²), and not KEPT max a - a_k > AS_GOOD times its own standard
                           error: better than chance by more than the uncertainty, and with all but a fifth of the
                           advantage of the best layer, as far as can be known
    read at its best at k  if it is readable there and e_k - min e ≤ AS_GOOD √(s_k² + s_best²): no worse than the best
                           layer as far as can be known
    lost at k              if it is readable at an earlier layer, and at k and all later ones it is not

The errors of all layers are of the same test examples, so their differences are more certain than that: what is said to
be better than chance is so all the more. `DEVIATIONS` is 3, as a curve has many layers, each of which could be by luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DEVIATIONS = 3.0
AS_GOOD = 2.0
KEPT = 0.8


@dataclass(frozen=True)
class Readability:
    """Indices of layers, ascending; all are empty where the property is readable nowhere.

    Attributes:
        readable: where it is readable.
        best: where it is read at its best.
        lost: the layers after the last readable one.
    """

    readable: tuple[int, ...]
    best: tuple[int, ...]
    lost: tuple[int, ...]


def readability(errors: Sequence[float], std_errors: Sequence[float], chance: float, n: int) -> Readability:
    """Where a property is readable.

    Args:
        errors: (L,) test errors of probes, in the order of the layers.
        std_errors: (L,) their standard errors.
        chance: the error of always predicting the most frequent class, on the same examples.
        n: test examples.

    Raises:
        ValueError: no layers, or errors that aren't numbers.
    """
    e, s = np.asarray(errors, np.float64), np.asarray(std_errors, np.float64)
    if not len(e) or not np.isfinite([*e, *s, chance]).all():
        raise ValueError("It takes the errors of at least one layer, all of them numbers.")
    of_chance = np.sqrt(chance * (1 - chance) / n)
    advantage, least = chance - e, int(e.argmin())
    better = advantage > DEVIATIONS * np.hypot(s, of_chance)
    of_lack = np.sqrt(s**2 + (KEPT * s[least]) ** 2 + ((1 - KEPT) * of_chance) ** 2)
    readable = np.flatnonzero(better & (KEPT * advantage[least] - advantage <= AS_GOOD * of_lack))
    if not len(readable):
        return Readability((), (), ())
    best = readable[e[readable] - e[least] <= AS_GOOD * np.hypot(s[readable], s[least])]
    lost = range(int(readable[-1]) + 1, len(e))
    return Readability(tuple(readable.tolist()), tuple(best.tolist()), tuple(lost))


def is_lower(error: float, std_error: float, other: float, other_std_error: float) -> bool:
    """Whether an error is lower than another by more than their 95 % intervals, which don't overlap then."""
    return other - error > 2 * (std_error + other_std_error)
