"""Two directions as the axes of a map, whose places can be decoded; and the directions towards classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from latentlab.analysis.arrays import Floats
from latentlab.analysis.latent.traversal import plane

CHUNK = 4_096  # vectors that are taken in double precision together


@dataclass(frozen=True)
class Axes:
    """A linear map of codes onto two directions, and back: what is drawn along them can be decoded.

    Attributes:
        directions: (2, D).
        origin: (D,) the code that is drawn at 0.
        center: (D,) of the codes.
    """

    directions: Floats
    origin: Floats
    center: Floats

    def project(self, z: ArrayLike) -> Floats:
        """(N, D) -> (N, 2)."""
        return scores(z, self.origin, self.directions)

    def code(self, place: ArrayLike) -> Floats:
        """(2,) -> (D,): of all codes that are drawn at a place the one nearest to the center."""
        directions = torch.from_numpy(self.directions).double()
        s = torch.tensor(np.asarray(place, np.float64)) + directions @ torch.from_numpy(self.origin).double()
        codes = plane(torch.from_numpy(self.center).double(), directions)(s[None])
        return codes[0].float().numpy()


def scores(x: ArrayLike, origin: Floats, directions: Floats) -> Floats:
    """(N, k): how far vectors x (N, D) are from an origin (D,) along k directions (k, D), in double precision."""
    data = np.asarray(x)
    found = np.empty((len(data), len(directions)), np.float32)
    for start in range(0, len(data), CHUNK):
        part = data[start : start + CHUNK].astype(np.float64)
        found[start : start + CHUNK] = (part - origin) @ directions.T
    return found


def class_directions(x: ArrayLike, y: ArrayLike, n_classes: int) -> Floats:
    """The class directions: (n_classes, D) unit vectors from the mean of all others to the mean of the class.

    Attribute vectors as in White, Sampling generative networks (2016), §3.2. A class without examples, or the only
    one, has a zero vector.

    Args:
        x: (N, D) codes.
        y: (N,) class indices.
        n_classes: how many there are.
    """
    data, labels = np.asarray(x, np.float64), np.asarray(y)
    out = np.zeros((n_classes, data.shape[1]))
    for k in range(n_classes):
        own = labels == k
        if own.any() and not own.all():
            way = data[own].mean(0) - data[~own].mean(0)
            out[k] = way / (np.linalg.norm(way) or 1.0)
    return out.astype(np.float32)
