"""What the pointer shows of a map's examples, sent to the browser once: thumbnails, or numbers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.maps.examples import thumbnails
from latentlab.figures.sheets import sheet_png
from pages.components.scatter import sprites
from pages.shared.example_view import appearance_of_space
from pages.shared.remember import remember
from pages.shared.spaces import Space

MOST_NUMBERS = 1 << 23  # that are sent, of examples that are no images: 32 MiB
COLUMNS = 100  # thumbnails beside each other on a sheet


def send_sprites(space: Space) -> str | None:
    """Send the thumbnails of the examples, or their numbers where they are no images; returns an id.

    Of very many examples the first ones have some.
    """
    if not space.is_image:
        x = space.data.batch(slice(max(1, MOST_NUMBERS // math.prod(space.data.shape)))).x.numpy()
        drawn = appearance_of_space(space).narrowed(x)
        sprites("sprites", {"id": space.points, "n": len(x), "drawn": drawn.as_json()}, drawn.packed(x).tobytes())
        return space.points
    images = thumbnails(space.data.x.numpy())
    count, _, height, width = images.shape
    head = {"id": space.points, "n": count, "columns": COLUMNS, "width": width, "height": height}
    sprites("sprites", head, _sheet(space.points, images))
    return space.points


@remember(4)
def _sheet(points: str, _images: NDArray[np.uint8]) -> bytes:  # noqa: ARG001
    return sheet_png(_images, COLUMNS, gap=0)
