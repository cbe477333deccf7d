"""A plane through a latent space, a box of it, and an even grid in the box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Floats
from latentlab.analysis.box import Box
from latentlab.analysis.latent.pca import pca

CENTRAL = 0.02  # of the codes on each side that a first box leaves out


@dataclass(frozen=True)
class CodePlane:
    """A plane in which codes lie, or through their mean: what is orthogonal to it stays at the mean.

    Attributes:
        mean: (D,).
        directions: (2, D), orthonormal.
        share: of the variance of the codes along both; None where the plane is all there is.
    """

    mean: Floats
    directions: Floats
    share: tuple[float, float] | None

    def project(self, codes: Floats) -> Floats:
        """(N, D) -> (N, 2)."""
        found: Floats = ((codes - self.mean) @ self.directions.T).astype(np.float32)
        return found

    def codes(self, places: Floats) -> Floats:
        """(N, 2) -> (N, D)."""
        found: Floats = (self.mean + places @ self.directions).astype(np.float32)
        return found


def code_plane(codes: Floats) -> CodePlane:
    """The plane of codes (N, D): of two dimensions as it is, of more that of the first two principal components.

    Raises:
        ValueError: the codes have fewer than two dimensions.
    """
    d = codes.shape[1]
    if d < 2:
        raise ValueError("Codes of one dimension have no plane.")
    if d == 2:
        return CodePlane(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), None)
    found = pca(codes, 2)
    return CodePlane(found.mean, found.components, (float(found.share[0]), float(found.share[1])))


def central_box(places: Floats) -> Box:
    """The box that holds all places (N, 2) but `CENTRAL` on each side of each axis."""
    (x_low, y_low), (x_high, y_high) = np.quantile(places, [CENTRAL, 1 - CENTRAL], axis=0)
    wide = max(float(x_high - x_low), float(y_high - y_low), 1e-3) / 100  # so that it has an inside
    return Box(float(x_low) - wide, float(x_high) + wide, float(y_low) - wide, float(y_high) + wide)


def even_grid(box: Box, n: int) -> Floats:
    """(n², 2) places at even distances from edge to edge, row by row from the upper left corner."""
    x, y = np.meshgrid(np.linspace(*box.x, n), np.linspace(*box.y, n)[::-1])
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)
