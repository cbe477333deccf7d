"""Curves of a report: drawings (SVG) that stretch to any width, with their words beside them, so that those don't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from latentlab.analysis.arrays import Doubles

WIDE, HIGH = 1_000, 100  # units of a drawing, whatever its size


@dataclass(frozen=True)
class Span:
    """What is shaded.

    Attributes:
        begin, end: on the horizontal axis.
        text: read out, and shown where the pointer is.
        address: where a click leads on the same page; empty for nowhere.
    """

    begin: float
    end: float
    text: str
    address: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """Curves over one horizontal axis.

    Attributes:
        title: above them.
        low, high: ends of the horizontal axis.
        x: (N,) where the values are.
        curves: class of style -> (N,) values, NaN where there are none.
        band: (N,) the lowest and the highest, drawn behind the curves.
        spans: what is shaded.
        level: a horizontal line.
        ticks: values that are labelled, and how; the lowest and the highest of the curves where none are given.
        alt: what it shows.
    """

    title: str
    low: float
    high: float
    x: Doubles
    curves: dict[str, Doubles]
    alt: str
    band: tuple[Doubles, Doubles] | None = None
    spans: Sequence[Span] = ()
    level: float | None = None
    ticks: tuple[Sequence[float], Sequence[str]] | None = None

    def html(self) -> str:
        """The title, the drawing and its labels."""
        given = [*self.curves.values(), *(self.band or ())]
        values = np.concatenate([*given, [] if self.level is None else [self.level]])
        values = values[np.isfinite(values)]
        bottom, top = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        pad = 0.04 * (top - bottom) or 0.5 * (abs(top) or 1.0)
        scale = _Scale(self.low, max(self.high - self.low, 1e-12), bottom - pad, top - bottom + 2 * pad)
        at, words = self.ticks or ((bottom, top), (f"{bottom:.4g}", f"{top:.4g}"))
        if len(at) > 1 and at[0] == at[-1]:
            at, words = at[:1], words[:1]
        parts = [_span(one, scale) for one in self.spans]
        if self.band is not None:
            parts.append(f'<path class="band" d="{scale.area(self.x, *self.band)}"/>')
        parts += [f'<path class="{name}" d="{scale.line(self.x, y)}"/>' for name, y in self.curves.items()]
        if self.level is not None:
            parts.append(f'<path class="level" d="M0 {scale.y(self.level):.1f}H{WIDE}"/>')
        labels = "".join(
            f'<span style="top:{scale.y(value):.1f}%">{escape(word)}</span>'
            for value, word in zip(at, words, strict=True)
        )
        return (
            f'<div class="panel"><h4>{escape(self.title)}</h4><div class="plot">'
            f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" aria-label="{escape(self.alt)}">'
            f'{"".join(parts)}</svg><div class="ticks">{labels}</div></div></div>'
        )


@dataclass(frozen=True)
class _Scale:
    left: float
    wide: float
    bottom: float
    high: float

    def x(self, value: float) -> float:
        return WIDE * (value - self.left) / self.wide

    def y(self, value: float) -> float:
        return HIGH * (1 - (value - self.bottom) / self.high)

    def line(self, x: Doubles, y: Doubles) -> str:
        """A path that breaks where a value is missing; a value alone is a short line."""
        known = np.isfinite(y)
        begins = known & ~np.concatenate([[False], known[:-1]])
        across, down = WIDE * (x - self.left) / self.wide, HIGH * (1 - (y - self.bottom) / self.high)
        points = zip(begins[known].tolist(), across[known].tolist(), down[known].tolist(), strict=True)
        return "".join(f"{'M' if begin else 'L'}{a:.1f} {d:.1f}{'h.1' if begin else ''}" for begin, a, d in points)

    def area(self, x: Doubles, low: Doubles, high: Doubles) -> str:
        """What lies between two curves, over values that are there."""
        known = np.isfinite(low) & np.isfinite(high)
        if not known.any():
            return ""
        there, back = self.line(x[known], high[known]), self.line(x[known][::-1], low[known][::-1])
        return f"{there}L{back[1:]}Z"


def _span(one: Span, scale: _Scale) -> str:
    left, right = scale.x(one.begin), scale.x(one.end)
    left, wide = (left, right - left) if right - left >= 1.5 else ((left + right) / 2 - 0.75, 1.5)
    box = (
        f'<rect class="alarm" x="{left:.1f}" y="0" width="{wide:.1f}" height="{HIGH}">'
        f"<title>{escape(one.text)}</title></rect>"
    )
    return f'<a href="{escape(one.address)}">{box}</a>' if one.address else box


def axis(words: Sequence[str]) -> str:
    """Labels below panels, the first at their left end and the last at the right, at even distances."""
    return f'<div class="axis">{"".join(f"<span>{escape(word)}</span>" for word in words)}</div>'
