"""Three examples whose A - B + C shows what arithmetic with codes can do."""

from __future__ import annotations

import itertools

import numpy as np

from latentlab.analysis.arrays import Doubles, Floats, Labels

SHARE = 0.1  # of a class that leans most, or least
LEAST = 3  # ... examples of it


def slant_analogy(codes: Floats, slant: Doubles, y: Labels, first: int, other: int) -> tuple[int, int, int]:
    """A slanted and an upright example of one class, and an upright one of another: A - B + C is to be slanted.

    Of the examples that lean most to the right and of those nearest to upright, the three whose A - B + C is nearest
    to the code of an example of the other class that leans to the right.

    Args:
        codes: (N, D).
        slant: (N,), NaN where unknown.
        y: (N,) classes.
        first: the class of A and B, which needs two examples of known slant.
        other: the class of C, which needs one.
    """
    of_first, of_other = (_by_slant(slant, np.flatnonzero(y == k)) for k in (first, other))
    slanted = of_first[-_some(of_first) :]
    upright, upright_other = (
        ids[np.argsort(np.abs(slant[ids]), kind="stable")[: _some(ids)]] for ids in (of_first, of_other)
    )
    targets = codes[of_other[len(of_other) * 2 // 3 :]]
    triples = [(a, b, c) for a, b, c in itertools.product(slanted, upright, upright_other) if a != b]
    a, b, c = np.array(triples).T
    places = codes[a] - codes[b] + codes[c]
    far = np.linalg.norm(places[:, None] - targets, axis=2).min(1)
    best = triples[int(far.argmin())]
    return int(best[0]), int(best[1]), int(best[2])


def _by_slant(slant: Doubles, ids: Labels) -> Labels:
    known = ids[np.isfinite(slant[ids])]
    return known[np.argsort(slant[known], kind="stable")]


def _some(ids: Labels) -> int:
    return max(LEAST, round(len(ids) * SHARE))
