"""Parts of drawings (SVG), and drawings as parts of a page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

LONGEST = 24  # letters of a name: what is longer is cut off
SLIM, BROAD = "iljt.,:;'| fr()[]/", "mwMW%@"  # letters of Arial
FONTS_DIFFER = 1.1  # by as much others may be wider

WIDEST = 140  # pixels of a word above a narrow drawing


def boxes(left: NDArray[np.floating], width: NDArray[np.floating], pitch: float, share: float, colour: str) -> str:
    """A box in each lane, as high as a share of it."""
    high, top = share * pitch, (1 - share) / 2 * pitch
    lines = (
        f"M{a:.1f} {k * pitch + top:.1f}h{w:.1f}v{high:.1f}h{-w:.1f}z"
        for k, (a, w) in enumerate(zip(left.tolist(), width.tolist(), strict=True))
    )
    return f'<path d="{"".join(lines)}" fill="{colour}"/>'


def words(said: Sequence[str], x: float, pitch: float, colour: str) -> str:
    """A word in each lane, that ends at x; a long one is drawn narrower, and cut off in the end."""
    short = [word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…" for word in said]
    narrow = f' textLength="{x:g}" lengthAdjust="spacingAndGlyphs"'
    is_wide = [_width(word) * FONTS_DIFFER > x for word in short]
    lines = (
        f'<text x="{x:g}" y="{(k + 0.5) * pitch + 4:g}"{narrow * is_wide[k]}>{escape(word)}</text>'
        for k, word in enumerate(short)
    )
    how = f'fill="{colour}" font-size="12" text-anchor="end" font-family="Source Sans, Helvetica, Arial, sans-serif"'
    return f"<g {how}>{''.join(lines)}</g>"


def _width(word: str) -> float:
    """Pixels of a word of 12 pixels, about, in Arial."""
    return sum(3.4 if c in SLIM else 10 if c in BROAD else 8.2 if c.isupper() else 6.7 for c in word)


def svg(width: float, height: float, content: str, stretched: bool = False) -> str:
    """A drawing of so many pixels; one that is stretched fills whatever it is put into."""
    how = ' preserveAspectRatio="none"' if stretched else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}"{how}>{content}</svg>'
    )


def uri(drawing: str) -> str:
    """A drawing as an address that a figure or a page can show."""
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


def titled(title: str, drawing: str, alt: str, width: int) -> str:
    """A drawing on a page, its title above it in up to three lines; all of a longer one where the pointer is.

    It is as wide as its drawing, wider where a word of the title is: no word goes on in the next line.
    """
    how = "overflow:hidden;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;"
    how += "overflow-wrap:break-word;line-height:1.2;font-size:0.75rem"
    above = f'<div style="{how}" title="{escape(title)}">{escape(title)}</div>' if title else ""
    box = f"flex:none;min-width:min({width}px, 100%);width:min-content;max-width:max({width}px, {WIDEST}px)"
    return f'<div style="{box}">{above}{image(drawing, alt)}</div>'


def image(drawing: str, alt: str, style: str = "") -> str:
    """A drawing on a page, of its own size; its words are read out, and shown where the pointer is."""
    style = f"display:block;flex:none;max-width:100%;{style}"
    return f'<img src="{uri(drawing)}" alt="{escape(alt)}" title="{escape(alt)}" style="{style}">'
