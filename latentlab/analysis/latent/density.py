"""How dense the codes lie: the nearest-neighbour estimate of Loftsgaarden & Quesenberry (1965).

    log p(z) ≈ log k - log n - log V_d - d log r_k(z)

with r_k the distance to the k-th nearest of n codes and V_d the volume of the unit ball. It adapts to any scale and
needs no bandwidth; where the codes fill fewer than d dimensions it is too large, but still ranks them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats, as_codes
from latentlab.analysis.neighbours import neighbours


def log_density(z: ArrayLike, k: int = 15) -> Floats:
    """(N, D) codes -> (N,) nats: the log-density at each code, estimated from the others.

    Codes with k equal others would be infinitely dense; they get the finite largest density there is.

    Raises:
        ValueError: not k < N, or codes that are no numbers.
    """
    codes = as_codes(z)
    n, d = len(codes) - 1, codes.shape[1]
    radius = neighbours(codes, codes, k, own=np.arange(len(codes))).distance[:, -1].astype(np.float64)
    apart = radius[radius > 0]
    log_radius = np.log(np.maximum(radius, apart.min() if len(apart) else 1.0))
    log_ball = d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)
    found: Floats = (math.log(k / n) - log_ball - d * log_radius).astype(np.float32)
    return found
