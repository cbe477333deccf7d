"""Whether classes overlap in a space of codes, or only in its projection to two or three principal components.

Burhanpurkar (2020), §2.4 and Fig. 10, projects codes of 14 dimensions to three, sees classes overlap, and concludes
that the representation isn't efficient. A projection is no evidence of that: a probe in all dimensions is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.latent.pca import PCA, pca
from latentlab.analysis.maps.clusters import silhouette
from latentlab.analysis.neighbours import neighbours
from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.analysis.stats import Measured, Proportion, proportion

FOLDS = 5
NEAREST = 10


@dataclass(frozen=True)
class SeparationIn:
    """How well the classes of N codes are separated in one space.

    Attributes:
        n_dims: of the space.
        probe: share that a linear probe names right, of codes that it wasn't fitted to (five folds).
        neighbours: share whose class most of the ten nearest others have.
        silhouette: and what it is of shuffled classes.
    """

    n_dims: int
    probe: Proportion
    neighbours: Proportion
    silhouette: Measured


@dataclass(frozen=True, eq=False)
class Overlap:
    """Codes by their principal components, and how separated classes are in fewer and fewer of these.

    Attributes:
        components: all of them.
        codes: (N, D) by the components.
        spaces: of all dimensions first, then of three and two components where there are more.
    """

    components: PCA
    codes: Floats
    spaces: tuple[SeparationIn, ...]

    @property
    def verdict(self) -> str:
        """Whether the projection hides what the space has."""
        whole, flat = self.spaces[0], self.spaces[-1]
        if whole is flat:
            return (
                f"The code has {whole.n_dims} dimensions, so nothing is hidden: a linear probe names "
                f"{whole.probe.value:.0%} of the classes, ten neighbours {whole.neighbours.value:.0%}."
            )
        both = (
            f"A linear probe names {whole.probe.value:.0%} of the classes in all {whole.n_dims} dimensions, and "
            f"{flat.probe.value:.0%} in the two that this picture shows"
        )
        if whole.probe.low > flat.probe.high:
            return f"{both}: overlap in the projection isn't overlap in the space."
        return f"{both}: no clear difference, so what overlaps here overlaps in the space."


def overlap(z: Floats, y: Labels, seed: int = 0) -> Overlap:
    """How separated the classes of codes are.

    Args:
        z: (N, D) codes.
        y: (N,) classes, none of them unknown.
        seed: of the folds.

    Raises:
        ValueError: fewer than two classes, or fewer examples than folds and neighbours need.
    """
    if len(np.unique(y)) < 2 or len(z) <= max(NEAREST, FOLDS):
        raise ValueError("Overlap needs two classes, and more than ten examples.")
    components = pca(z, z.shape[1])
    projected = components.project(z)
    sizes = [z.shape[1], *(k for k in (3, 2) if k < z.shape[1])]
    return Overlap(components, projected, tuple(_separation(projected[:, :k], y, seed) for k in sizes))


def _separation(z: Floats, y: Labels, seed: int) -> SeparationIn:
    fold = np.random.default_rng(seed).permutation(len(z)) % FOLDS
    right = np.zeros(len(z), np.bool_)
    for k in range(FOLDS):
        held = fold == k
        probe = linear_probe(z[~held], y[~held], n_classes=int(y.max()) + 1)
        right[held] = probe.log_probs(z[held]).argmax(1) == y[held]
    near = proportion(_by_neighbours(z, y) == y)
    return SeparationIn(z.shape[1], proportion(right), near, silhouette(z, y).overall)


def _by_neighbours(z: Floats, y: Labels) -> NDArray[np.int64]:
    """(N,) the class that most of a code's nearest others have; of equal ones the first."""
    near = y[neighbours(z, z, NEAREST, own=np.arange(len(z))).index]
    votes = (near[:, :, None] == np.arange(int(y.max()) + 1)).sum(1)
    found: NDArray[np.int64] = votes.argmax(1)
    return found
