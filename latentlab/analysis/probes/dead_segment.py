"""Layers that probes find to know no more than chance: the dead segment of a deep network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentlab.analysis.arrays import Doubles

SHARE = 2 / 3  # of the error of chance: a layer above it knows little


def dead_segment(errors: Sequence[float] | Doubles, chance: float, share: float = SHARE) -> tuple[int, int] | None:
    """The longest sequence of layers whose probe error is at least `share` of that of chance: (first, last), or None.

    Args:
        errors: by depth; NaN continues what was before it.
        chance: error of a guess.
        share: of it.
    """
    best, begin, last = None, -1, -1
    for k, error in enumerate(errors):
        if np.isnan(error):
            continue
        if error < share * chance:
            begin = -1
            continue
        begin = k if begin < 0 else begin
        last = k
        if best is None or last - begin > best[1] - best[0]:
            best = (begin, last)
    return best
