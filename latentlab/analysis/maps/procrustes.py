"""One map laid onto another by rotation, reflection, scale and shift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats, as_codes


@dataclass(frozen=True)
class Alignment:
    """The similarity transform x -> scale · x @ rotation + shift that lays one map onto another.

    Attributes:
        xy: (N, k) the second map, transformed.
        rotation: (k, k) orthogonal; a reflection if its determinant is -1.
        scale: 0 or more.
        shift: (k,).
        disparity: Σ|a - xy|² / Σ|a - mean a|²: 0 for the same shape, 1 for shapes that have nothing in common.
    """

    xy: Floats
    rotation: Floats
    scale: float
    shift: Floats
    disparity: float

    def apply(self, x: ArrayLike) -> Floats:
        """(M, k) -> (M, k): other places of the second map."""
        moved: Floats = (self.scale * (np.asarray(x, np.float64) @ self.rotation) + self.shift).astype(np.float32)
        return moved

    def undo(self, xy: ArrayLike) -> Floats:
        """(M, k) -> (M, k): where places of the first map are on the second; finite where the scale is 0."""
        back = (np.asarray(xy, np.float64) - self.shift) @ self.rotation.T / (self.scale or math.inf)
        places: Floats = back.astype(np.float32)
        return places


def procrustes(a: ArrayLike, b: ArrayLike) -> Alignment:
    """Lay b onto a by rotation, reflection, scale and shift, with the least squared distance between partners.

    Schönemann (1966), A generalized solution of the orthogonal Procrustes problem; scale and shift as in Schönemann &
    Carroll (1970). The disparity is that of scipy.spatial.procrustes.

    Args:
        a, b: (N, k), row by row the same examples.

    Raises:
        ValueError: the shapes differ, or a number is not finite.
    """
    from scipy.linalg import orthogonal_procrustes  # imported here: the first page has no need of it

    target, moving = (as_codes(x).astype(np.float64) for x in (a, b))
    if target.shape != moving.shape:
        raise ValueError(f"Maps of shapes {target.shape} and {moving.shape} have no partners.")
    mean_a, mean_b = target.mean(0), moving.mean(0)
    target, moving = target - mean_a, moving - mean_b
    rotation, stretch = orthogonal_procrustes(moving, target)
    scale = float(stretch / (np.square(moving).sum() or 1.0))
    xy = scale * moving @ rotation
    disparity = np.square(target - xy).sum() / (np.square(target).sum() or 1.0)
    to_float = [part.astype(np.float32) for part in (xy + mean_a, rotation, mean_a - scale * mean_b @ rotation)]
    return Alignment(to_float[0], to_float[1], scale, to_float[2], float(disparity))
