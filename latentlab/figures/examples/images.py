"""Images, drawn as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.data import to_bytes
from latentlab.figures.examples.appearance import Appearance, Values
from latentlab.figures.sheets import data_uri, enlarge, png, sheet_png, stitch
from latentlab.figures.theme import Theme

SIDE, WIDTH = 56, 448  # pixels of an image on a sheet, and of a sheet, at least


@dataclass(frozen=True)
class Images(Appearance):
    """Images of one shape (C, H, W)."""

    shape: tuple[int, ...]
    tiles = 20

    @property
    def row(self) -> int:
        """A little more than an image of 28 x 28 pixels takes at three times its size."""
        return 92

    def narrowed(self, x: Values) -> Images:  # noqa: ARG002
        """All of them are drawn whole."""
        return self

    @property
    def note(self) -> str:
        """Nothing."""
        return ""

    @property
    def left_out(self) -> str:
        """Nothing."""
        return ""

    def lines(self, x: Values) -> list[str]:  # noqa: ARG002
        """None."""
        return []

    def cells(self, x: Values, look: Theme, gap: int = 0, scale: int = 2) -> str:  # noqa: ARG002
        """A PNG."""
        return data_uri(png(stitch(enlarge(_bytes(x), scale), gap)))

    def sheet(self, x: Values, columns: int, look: Theme, alt: str, titles: Sequence[str] = ()) -> bytes:  # noqa: ARG002
        """A PNG; images need no titles."""
        side = max(SIDE, WIDTH // columns)
        return sheet_png(_bytes(x), columns, scale=max(1, side // self.shape[2]))

    def thumbnail(self, x: Values, columns: int, look: Theme) -> bytes:  # noqa: ARG002
        """A PNG."""
        return sheet_png(_bytes(x), columns, scale=max(1, SIDE // self.shape[2]))

    def as_json(self) -> dict[str, Any]:
        """The shape."""
        return {"kind": "image", "shape": list(self.shape)}

    def packed(self, x: Values) -> NDArray[np.uint8]:
        """A byte a pixel."""
        return _bytes(x)


def _bytes(x: Values) -> NDArray[np.uint8]:
    return x if x.dtype == np.uint8 else to_bytes(x)
