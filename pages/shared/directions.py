"""Directions of a space that a map can be drawn along: components, dimensions, ways towards classes, a probe's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.latent.axes import Axes
from latentlab.analysis.latent.pca import PCA, principal
from latentlab.analysis.maps.directions import along as axes_along
from latentlab.analysis.maps.directions import by_variance, named_directions
from pages.shared import cached
from pages.shared.remember import remember
from pages.shared.spaces import CODE, Source, Space, compared, load_space

Floats = NDArray[np.float32]

N_COMPONENTS = 10
SEED = 1


def components(source: Source) -> PCA:
    """The principal components of a space as it is compared in its metric, at most ten."""
    return _components(load_space(source))


@remember(8)
def _components(space: Space) -> PCA:
    z = compared(space)
    return principal(z, min(N_COMPONENTS, z.shape[1], max(1, len(z) - 1)), SEED)


@remember(8)
def directions(source: Source) -> dict[str, Floats]:
    """Name -> (D,): the dimensions of a space, those that carry most first, then the class directions."""
    space = load_space(source)
    if source.layer == CODE and source.run is not None:
        order = cached.dimensions(source.run, source.epoch).order
    else:
        order = by_variance(space.z)
    return named_directions(space.z, space.axes, order, space.data.y, space.data.classes)


@remember(8, "Fitting a probe …")
def all_directions(source: Source) -> dict[str, Floats]:
    """Name -> (D,): `directions`, and those along which a linear probe's answer turns to each class."""
    space = load_space(source)
    return directions(source) | cached.probe_directions_by_class(space.z, space.data.y.numpy(), space.data.classes)


def along(source: Source, across: str, up: str) -> Axes:
    """Two directions of a space as the axes of a map."""
    return axes_along(all_directions(source), load_space(source).z.mean(0), across, up)
