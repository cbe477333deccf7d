"""Vectors and series: a lane for each column, in the user's units, before quantiles of the data.

A lane of a vector goes from the data's least value on the left to its greatest on the right: light from the 5 % to the
95 % quantile, darker between the quartiles, a line at the median, and over them a bar as long as the value. In a lane
of a series time goes to the right and values go up.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentlab.analysis.columns import Columns, most_varied
from latentlab.figures.examples.appearance import Appearance, Values
from latentlab.figures.examples.svg import boxes, image, svg, titled, uri, words
from latentlab.figures.theme import Theme

MOST = 16  # lanes of an example: more can't be distinguished
CARDS = 2  # examples that are drawn with their numbers beside them; of more the numbers are where the pointer is
NAME, TRACK, CELL = 128, 130, 64  # pixels across: of a name, a lane, and a lane of a small example


@dataclass(frozen=True)
class Lanes(Appearance):
    """Examples with a lane for each column that is shown."""

    columns: Columns
    shown: tuple[int, ...]
    tiles = 12
    lane: ClassVar[int] = 18  # pixels of a lane with words
    number: ClassVar[int] = 66  # pixels across of what is written behind it
    kind: ClassVar[str]  # as examples.js calls it

    @property
    def row(self) -> int:
        """High enough to tell the lanes apart."""
        return max(72, 8 * len(self.shown))

    def narrowed(self, x: Values) -> Lanes:
        """With the columns that vary most in x."""
        n, middle = len(self.columns.names), self.columns.quantiles[3]
        if n <= MOST:
            return self
        return replace(self, shown=tuple(most_varied(x.reshape(-1, *middle.shape), middle, MOST)))

    @property
    def names(self) -> list[str]:
        """Of the columns that are shown."""
        return [self.columns.names[k] for k in self.shown]

    @property
    def note(self) -> str:
        """The names, in the order in which they are drawn; and that there are more."""
        said = f"{self.left_out} From above: {', '.join(self.names)}.".strip()
        return f"{said} Gray: 5 % to 95 % of the data, darker the middle half, a line at the median."

    @property
    def left_out(self) -> str:
        """Which columns are drawn, if not all."""
        n = len(self.columns.names)
        return f"The {len(self.shown)} of {n:,} columns that vary most here." if len(self.shown) < n else ""

    def lines(self, x: Values) -> list[str]:
        """Name and number of each column that is shown."""
        return [f"{name} {text}" for name, text in zip(self.names, self.texts(x), strict=True)]

    @abstractmethod
    def texts(self, x: Values) -> list[str]:
        """The number of each column that is shown, in the user's units."""

    @abstractmethod
    def behind(self, width: float, pitch: float, look: Theme) -> str:
        """The quantiles, as SVG: so many pixels across, and down for each lane."""

    @abstractmethod
    def before(self, x: Values, width: float, pitch: float, look: Theme) -> str:
        """The values of an example over them, as SVG."""

    def cells(self, x: Values, look: Theme, gap: int = 0, scale: int = 2) -> str:  # noqa: ARG002
        """An SVG; cells keep a space between them."""
        return uri(self._grid(x, look, max(gap, 10)))

    def thumbnail(self, x: Values, columns: int, look: Theme) -> str:
        """An SVG of every third row and second column of them, so that each is large enough."""
        some = x[: len(x) // columns * columns].reshape(-1, columns, *x.shape[1:])[::3, ::2]
        return self.narrowed(some)._grid(some, look, 10, height=CELL * 1.5)

    def _grid(self, x: Values, look: Theme, gap: int, height: float = 0) -> str:
        """Cells of so many pixels, by default as high as a row of a strip."""
        (rows, columns), height = x.shape[:2], height or self.row
        pitch = height / len(self.shown)
        wide, high = CELL + gap, height + gap
        parts = [f'<defs><g id="b">{self.behind(CELL, pitch, look)}</g></defs>']
        for i in range(rows):
            for j in range(columns):
                cell = f'<use href="#b"/>{self.before(x[i, j], CELL, pitch, look)}'
                parts.append(f'<g transform="translate({j * wide + gap / 2:g} {i * high + gap / 2:g})">{cell}</g>')
        return svg(columns * wide, rows * high, "".join(parts), stretched=True)

    def sheet(self, x: Values, columns: int, look: Theme, alt: str, titles: Sequence[str] = ()) -> str:
        """Few examples with their numbers; of many small pictures beside their names, numbers where the pointer is."""
        x = x / np.float32(255) if x.dtype == np.uint8 else x  # of a chain that is recorded in bytes
        few, titles = self.narrowed(x), titles or [""] * len(x)
        if len(x) <= CARDS:
            cards = "".join(
                titled(title, few._card(one, look), ", ".join(few.lines(one)), NAME + TRACK + self.number)
                for title, one in zip(titles, x, strict=True)
            )
            body = f'<div style="display:flex;flex-wrap:wrap;gap:0.75rem 1.5rem">{cards}</div>'
        else:
            parts = [slice(at, at + columns) for at in range(0, len(x), columns)]
            bands = "".join(few._band(x[part], titles[part], look) for part in parts)
            body = f'<div style="overflow-x:auto" tabindex="0">{bands}</div>'
        note = f'<div style="color:{look.muted};font-size:0.875rem">{few.left_out}</div>' if few.left_out else ""
        return f'<div role="group" aria-label="{escape(alt)}">{body}{note}</div>'

    def _card(self, one: Values, look: Theme) -> str:
        """An example with names on the left and numbers on the right."""
        names = words(self.names, NAME - 6, self.lane, look.text)
        numbers = words(self.texts(one), NAME + TRACK + self.number, self.lane, look.text)
        drawn = self.behind(TRACK, self.lane, look) + self.before(one, TRACK, self.lane, look)
        content = f'{names}{numbers}<g transform="translate({NAME} 0)">{drawn}</g>'
        return svg(NAME + TRACK + self.number, self.lane * len(self.shown), content)

    def _band(self, x: Values, titles: Sequence[str], look: Theme) -> str:
        """Names, and beside them examples without words."""
        high = self.lane * len(self.shown)
        names = words(self.names, NAME - 6, self.lane, look.text)
        stays = f"position:sticky;left:0;background:{look.surface}"
        drawn = [image(svg(NAME, high, names), ", ".join(self.names), stays)]
        behind = self.behind(CELL, self.lane, look)
        for title, one in zip(titles, x, strict=True):
            cell = svg(CELL, high, behind + self.before(one, CELL, self.lane, look))
            drawn.append(titled(title, cell, ", ".join(self.lines(one)), CELL))
        how = "display:flex;align-items:flex-end;gap:10px;width:max-content;margin-bottom:0.75rem"
        return f'<div style="{how}">{"".join(drawn)}</div>'

    def as_json(self) -> dict[str, Any]:
        """The columns that are shown: names, the way to the user's units, quantiles."""
        kept = list(self.shown)
        scale, decimals = self.columns.scale, self.columns.decimals()
        return {
            "kind": self.kind,
            "size": int(self.columns.quantiles[0].size),
            "n": len(self.columns.names),
            "columns": kept,
            "names": self.names,
            "low": scale.low[kept].tolist(),
            "span": scale.span[kept].tolist(),
            "decimals": [decimals[k] for k in kept],
            "quantiles": [[round(float(v), 4) for v in np.ravel(self.columns.quantiles[..., k])] for k in kept],
        }

    def packed(self, x: Values) -> NDArray[np.float32]:
        """As they are."""
        return np.ascontiguousarray(x, "<f4")

    def _ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) where the lane of each column starts, and how far it goes."""
        q = self.columns.quantiles[..., list(self.shown)].reshape(-1, len(self.shown)).astype(np.float64)
        low, high = q.min(0), q.max(0)
        return low, np.where(high > low, high - low, 1.0)


class Bars(Lanes):
    """Vectors: a bar for each column."""

    kind = "bars"

    def texts(self, x: Values) -> list[str]:
        """One number a column."""
        every = self.columns.texts(x)
        return [every[k] for k in self.shown]

    def behind(self, width: float, pitch: float, look: Theme) -> str:
        """Two bands and a line."""
        low, span = self._ends()
        q = (self.columns.quantiles[:, list(self.shown)] - low) / span * width
        bands = "".join(boxes(q[a], q[b] - q[a], pitch, 0.8, colour) for a, b, colour in _bands(look))
        return bands + boxes(q[3] - 0.5, np.ones(len(low)), pitch, 0.8, look.muted)

    def before(self, x: Values, width: float, pitch: float, look: Theme) -> str:
        """A bar that ends where the value is, at an end of the lane where it lies beyond."""
        low, span = self._ends()
        values = x[list(self.shown)]
        far = np.where(np.isnan(values), 0, np.maximum(1, np.clip((values - low) / span, 0, 1) * width))
        return boxes(np.zeros(len(far)), far, pitch, 0.4, look.accent)


class Curves(Lanes):
    """Series: a curve for each column."""

    kind = "curves"
    lane, number = 54, 110

    @property
    def row(self) -> int:
        """High enough for the curves."""
        return max(72, 36 * len(self.shown))

    def texts(self, x: Values) -> list[str]:
        """The least and the greatest number of each column."""
        missing = np.isnan(x)
        ends = (np.where(missing, np.inf, x).min(0), np.where(missing, -np.inf, x).max(0))
        low, high = (self.columns.texts(np.where(missing.all(0), np.nan, end)) for end in ends)
        return [f"{low[k]} … {high[k]}" for k in self.shown]

    def behind(self, width: float, pitch: float, look: Theme) -> str:
        """Two bands and a line, over time."""
        q = [self._points(part, width, pitch) for part in self.columns.quantiles]
        bands = "".join(
            f'<path d="M{" L".join([*q[a][k], *q[b][k][::-1]])}z" fill="{colour}"/>'
            for k in range(len(self.shown))
            for a, b, colour in _bands(look)
        )
        return bands + "".join(f'<path d="M{" L".join(line)}" fill="none" stroke="{look.muted}"/>' for line in q[3])

    def before(self, x: Values, width: float, pitch: float, look: Theme) -> str:
        """The curves, with a gap where a value is missing."""
        lines = self._points(x, width, pitch)
        style = f'fill="none" stroke="{look.accent}" stroke-width="1.5"'
        return "".join(f'<path d="{_strokes(line)}" {style}/>' for line in lines)

    def _points(self, x: Values, width: float, pitch: float) -> list[list[str]]:
        """(T, D) -> for each column that is shown its points, as SVG."""
        low, span = self._ends()
        share = np.clip((x[:, list(self.shown)] - low) / span, 0, 1)
        across = np.linspace(0, width, len(x))
        down = (np.arange(len(self.shown)) + 0.95 - 0.9 * share) * pitch
        return [
            ["" if np.isnan(b) else f"{a:.1f} {b:.1f}" for a, b in zip(across, column, strict=True)]
            for column in down.T
        ]


def _strokes(points: Sequence[str]) -> str:
    """A path through points, broken where one is empty."""
    before = ["", *points]
    return " ".join(f"{'L' if last else 'M'}{point}" for last, point in zip(before, points, strict=False) if point)


def _bands(look: Theme) -> tuple[tuple[int, int, str], ...]:
    """From which quantile to which, in what colour."""
    return (1, 5, look.grid), (2, 4, f"{look.muted}80")
