"""What every way to draw an example can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from latentlab.figures.text import literal
from latentlab.figures.theme import Theme

FAR = 100  # pixels from the middle of a cell, where its numbers are still said

Values = NDArray[Any]  # floats as models see them; or bytes, 255 for 1


class Appearance(ABC):
    """How examples of some data are drawn; numbers are as models see them, images in [0, 1]."""

    tiles: ClassVar[int]  # along a side of a sheet of the plane: so many can be distinguished

    @property
    @abstractmethod
    def row(self) -> int:
        """Pixels of a row of a strip."""

    @abstractmethod
    def narrowed(self, x: Values) -> Appearance:
        """The same for some examples (N, *shape): of many columns the `MOST` that vary most among them."""

    @property
    @abstractmethod
    def note(self) -> str:
        """What has to be said of a picture without names; empty for an image."""

    @property
    @abstractmethod
    def left_out(self) -> str:
        """That there are more columns than are drawn; empty where there aren't."""

    @abstractmethod
    def lines(self, x: Values) -> list[str]:
        """Each number of one example (*shape) by name, in the user's units; none of an image."""

    @abstractmethod
    def cells(self, x: Values, look: Theme, gap: int = 0, scale: int = 2) -> str:
        """(R, C, *shape) as the address of one picture of R x C cells, without words, that may be stretched.

        Args:
            x: the examples.
            look: colours.
            gap: pixels between two cells.
            scale: pixels of the picture that a pixel of an image takes.
        """

    @abstractmethod
    def sheet(self, x: Values, columns: int, look: Theme, alt: str, titles: Sequence[str] = ()) -> bytes | str:
        """(N, *shape) in rows of so many: a PNG, or HTML with names, where each may have a title."""

    @abstractmethod
    def thumbnail(self, x: Values, columns: int, look: Theme) -> bytes | str:
        """(N, *shape) small, without words: a PNG, or a drawing (SVG)."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """What examples.js draws by."""

    @abstractmethod
    def packed(self, x: Values) -> NDArray[Any]:
        """(N, *shape) as they are sent to examples.js."""


def add_numbers(figure: go.Figure, x: Values, across: Values, up: Values, drawn: Appearance) -> None:
    """Let a sheet of cells say the numbers of the example under the pointer, where examples have some.

    Args:
        figure: over the sheet.
        x: (R, C, *shape).
        across, up: (C,), (R,) the middle of each column and row, on the axes.
        drawn: how they are drawn.
    """
    texts = [["<br>".join(map(literal, drawn.lines(one))) for one in row] for row in x]
    if not texts[0][0]:
        return
    columns, rows = np.meshgrid(across, up)
    figure.add_scatter(
        x=columns.ravel(), y=rows.ravel(), text=[text for row in texts for text in row], mode="markers",
        marker={"opacity": 0, "size": 24}, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(hovermode="closest", hoverdistance=FAR)
